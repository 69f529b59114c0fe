"""From files of facts to everything that people read, through the command line, without a database."""

import json
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.build import check_results
from reports.places import ROOT
from reports.readme.headline import DOCUMENTS
from tests.made_facts import STACK, breaking, leaking, make_cell, make_header, make_lines, write_facts
from tests.made_results import OUTER_COMMIT, RECIPES

CELL = f"{STACK}/plain/create_savepoint/commit_once"


@pytest.fixture
def root(tmp_path):
    """A checkout whose reports/data is ours alone."""
    for name in ("matrix", "fixtures", "cases"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "reports").mkdir()
    for name in DOCUMENTS:
        (tmp_path / name).write_text("<!-- headline: begin -->\n<!-- headline: end -->\n")
    return tmp_path


def write_run(root: Path, *, stack=STACK, directory="data", run="run-1", controls_leak=True, complete=True, **facts) -> Path:
    cells = [make_cell(recipe, "commit_once", stack=stack) for recipe in ("plain/create_savepoint", "plain/fresh_database")]
    cells[0] |= facts
    cells.append(make_cell("plain/real_commits", "commit_once", stack=stack, timeline=OUTER_COMMIT, **(leaking() if controls_leak else {})))
    header = make_header(RECIPES, ("commit_once",), stack=stack, complete=complete, run=run)
    return write_facts(root / "reports" / directory, make_lines(header, cells), name=stack)


def call(root, *arguments) -> int:
    return main(["--root", str(root), *map(str, arguments)])


def read(root: Path) -> dict:
    return json.loads((root / "reports" / "results.json").read_text())


def leaks_with_a_cause() -> dict:
    return leaking() | {"timeline": make_cell(timeline=OUTER_COMMIT)["timeline"]}


def test_a_run_is_reported_accepted_and_then_as_expected(root, capsys):
    write_run(root)
    assert call(root, "build") == 1
    assert "there is no baseline" in capsys.readouterr().err
    assert call(root, "accept") == 0
    assert call(root, "accept") == 0
    assert "nothing to accept" in capsys.readouterr().out
    assert call(root, "build") == 0
    check_results(read(root))
    for name in ("results.json", "junit.xml", "site/index.html", "site/badge.svg", "site/badge.json"):
        assert (root / "reports" / name).stat().st_size
    assert read(root)["baseline"]["state"] == "as expected"


def test_drift_fails_the_run_and_needs_a_cause_to_be_accepted(root, capsys):
    write_run(root)
    call(root, "accept")
    baseline = (root / "reports" / "baseline.json").read_text()
    write_run(root, **breaking())
    assert call(root, "build") == 1
    assert f"drift: {CELL}: regressed: isolates -> breaks" in capsys.readouterr().out
    assert call(root, "accept") == 1
    assert "without a cause" in capsys.readouterr().err
    assert (root / "reports" / "baseline.json").read_text() == baseline
    write_run(root, **leaks_with_a_cause())
    assert call(root, "accept", "--dry-run") == 0
    assert (root / "reports" / "baseline.json").read_text() == baseline
    assert call(root, "accept") == 0
    assert '"leaks: outer_commit": ["commit_once"]' in (root / "reports" / "baseline.json").read_text()
    assert call(root, "build") == 0


def test_an_unexpected_pass_fails_the_run(root, capsys):
    write_run(root, **leaks_with_a_cause())
    call(root, "accept")
    write_run(root)
    assert call(root, "build") == 1
    assert "fixed: leaks (outer_commit) -> isolates" in capsys.readouterr().out


def test_flaky_cells_fail_the_run_when_they_are_more_than_chance(root, capsys, monkeypatch):
    write_run(root, **leaks_with_a_cause())
    call(root, "accept")
    path = write_run(root, **leaks_with_a_cause())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    cells = [line for line in lines if line["kind"] == "cell"]
    write_facts(path.parent, make_lines(lines[0], [*cells, make_cell("plain/create_savepoint", "commit_once", **{"pass": "confirmation"})]), name=STACK)
    assert call(root, "build") == 1
    told = capsys.readouterr()
    assert f"1 cells are flaky that the baseline does not know as such, first {CELL}" in told.err
    assert f"drift: {CELL}: changed: leaks (outer_commit) -> flaky" in told.out
    assert (read(root)["baseline"]["state"], [change["fails"] for change in read(root)["drift"]]) == ("drift", [True])
    monkeypatch.setattr("reports.grade.MOST_FLAKY", 1)
    assert call(root, "build") == 0
    assert f"flaky, does not fail the run: {CELL}: changed: leaks (outer_commit) -> flaky" in capsys.readouterr().out
    assert (read(root)["baseline"]["state"], [change["fails"] for change in read(root)["drift"]]) == ("as expected", [False])


def test_misbehaving_control_fails_the_run_and_stops_accepting(root, capsys):
    write_run(root, controls_leak=False)
    assert call(root, "build") == 1
    assert call(root, "accept") == 1
    assert "the witness is blind" in capsys.readouterr().err
    assert json.loads((root / "reports" / "site" / "badge.json").read_text())["message"] == "error"


def test_infrastructure_fails_the_run(root, capsys):
    write_run(root)
    call(root, "accept")
    write_run(root, ended="infrastructure", infrastructure="the server is gone")
    assert call(root, "build") == 1
    assert f"{CELL}: infrastructure" in capsys.readouterr().err


def test_broken_facts_are_an_error_and_leave_the_last_report_alone(root, capsys):
    path = write_run(root)
    call(root, "build")
    before = (root / "reports" / "results.json").read_text()
    path.write_text(path.read_text()[:-20])
    assert call(root, "build") == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("error: sa20-psycopg2-postgresql18.jsonl, line 8: the last line is cut off")
    assert "Traceback" not in said
    assert (root / "reports" / "results.json").read_text() == before


def test_nothing_that_ran_is_not_green(root, capsys):
    (root / "reports" / "data").mkdir()
    (root / "reports" / "data" / f"{STACK}.notrun.json").write_text('{"reason": "no python3.8", "missing": "python3.8"}')
    assert call(root, "build") == 1
    captured = capsys.readouterr()
    assert f"not run: {STACK}: no python3.8" in captured.out
    assert "no stack has a result" in captured.err


def test_coming_changes_are_those_of_a_run_on_pre_releases(root):
    write_run(root, **leaks_with_a_cause())
    call(root, "build")
    ahead = read(root)
    ahead["stacks"][STACK]["versions"]["packages"]["sqlalchemy"] = "9.9.0b1"
    (root / "ahead.json").write_text(json.dumps(ahead))
    write_run(root)
    call(root, "build")
    assert read(root)["coming"] is None
    assert "No run on pre-releases" in (root / "reports" / "site" / "changes.html").read_text()
    call(root, "build", "--coming", root / "ahead.json")
    found = read(root)["coming"]
    assert (found["counts"], found["stacks"]) == ({"regressed": 1}, 1)
    assert [(step["package"], step["to"], step["stacks"]) for step in found["versions"]] == [("sqlalchemy", "9.9.0b1", [STACK])]
    page = (root / "reports" / "site" / "changes.html").read_text()
    assert "9.9.0b1" in page and CELL in page


def test_results_are_compared_with_older_ones(root, capsys):
    write_run(root, **leaks_with_a_cause())
    call(root, "build")
    (root / "reports" / "results.json").rename(root / "old.json")
    write_run(root)
    call(root, "build", "--compare", root / "old.json")
    assert read(root)["comparison"]["causes"] == {"outer_commit": {"fixed": 1}}
    (root / "old.json").write_text("{}")
    capsys.readouterr()
    assert call(root, "build", "--compare", root / "old.json") == 2
    assert "error:" in capsys.readouterr().err


def test_only_the_newest_run_is_judged_unless_the_files_were_merged(root):
    other = "sa21-psycopg2-postgresql18"
    write_run(root)
    call(root, "accept")
    write_run(root, stack=other, run="run-0")
    path = root / "reports" / "data" / f"{other}.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()[:-1]]
    write_facts(path.parent, [{**lines[0], "started": "2026-11-01T00:00:00Z"}, *lines[1:]], name=other)
    assert call(root, "build") == 0
    assert read(root)["stacks"][other]["state"] == "earlier"
    assert call(root, "build", "--merged") == 1
    assert read(root)["stacks"][other]["state"] == "ran"


def test_stacks_that_did_not_run_keep_their_earlier_result(root):
    other = "sa21-psycopg2-postgresql18"
    write_run(root)
    call(root, "accept")
    write_run(root, stack=other, directory="published")
    write_run(root, directory="published", **breaking())
    assert call(root, "build", "--merged", "--earlier", root / "reports" / "published") == 0
    results = read(root)
    assert {stack: about["state"] for stack, about in results["stacks"].items() if about["state"] != "not run"} == {STACK: "ran", other: "earlier"}
    assert results["words"][STACK]["plain/create_savepoint"]["word"] == "isolates"


def test_headline_is_written_and_checked(root, capsys):
    assert call(root, "check-headline") == 2
    assert "baseline.json does not exist" in capsys.readouterr().err
    write_run(root)
    call(root, "accept")
    assert call(root, "check-headline") == 2
    assert call(root, "headline") == 0
    assert call(root, "check-headline") == 0
    assert "✓" in (root / "MATRIX.md").read_text().partition("## plain")[2]


def test_two_states_of_the_instrument_make_no_badge_and_no_baseline(root, capsys):
    """Results that another state of the instrument found are not mixed with these: jobs of one run that do not agree are told."""
    for stack, instrument in ((STACK, "aaaaaaaa"), ("sa20-psycopg2-postgresql14", "aaaaaaaa"), ("sa21-psycopg2-postgresql18", "bbbbbbbb")):
        path = write_run(root, stack=stack)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        write_facts(path.parent, [{**lines[0], "instrument": instrument}, *lines[1:-1]], name=stack)
    assert call(root, "accept", "--merged") == 1
    assert "sa21-psycopg2-postgresql18: ran with another state of the instrument" in capsys.readouterr().err
    assert not (root / "reports" / "baseline.json").exists()
    assert call(root, "build", "--merged") == 1
    assert json.loads((root / "reports" / "site" / "badge.json").read_text())["message"] == "error"
