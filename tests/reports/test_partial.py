"""A run of a part: what it did not run is shown as reviewed and counts nowhere."""

import json
import xml.etree.ElementTree as ET

import pytest

from matrix.judging.baseline import read_date, write_baseline
from matrix.judging.changes import Judged
from matrix.plan.contents import find_cases
from matrix.plan.rows import load_stacks
from matrix.run.outcome import RunOutcome, write_outcome
from reports.__main__ import main
from reports.build import check_results
from reports.places import ROOT
from reports.results.counts import describe_counts, describe_rest
from tests.made_facts import STACK, breaking, leaking, make_cell, make_header, make_lines, write_facts
from tests.made_results import OUTER_COMMIT

OTHER, PLANNED = "sa21-psycopg2-postgresql18", "sa20-pymysql-mysql97"
ONE, TWO = "plain/create_savepoint", "plain/begin_nested"
CONTROLS = ("plain/real_commits", "plain/fresh_database")
# essential, common, limit
CASES = ("commit_once", "commit_as_text", "clock_moves_on")
LEVELS = dict(zip(CASES, ("essential", "common", "limit"), strict=True))
ISOLATES, LEAKS, BREAKS = Judged("isolates"), Judged("leaks", "outer_commit"), Judged("breaks", "clock_of_transaction")
NOW, EARLIER, EARLIEST = "2026-11-28T08:00:00Z", "2026-11-20T08:00:00Z", "2026-11-19T08:00:00Z"
KEPT = {"run": "run-0"}


@pytest.fixture
def root(tmp_path):
    """A checkout with a baseline of two stacks, on which each recipe's limit is broken and TWO leaks on OTHER."""
    for name in ("matrix", "fixtures", "cases"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "reports").mkdir()
    cells = {f"{stack}/{recipe}/{case}": ISOLATES for stack in (STACK, OTHER) for recipe in (ONE, TWO) for case in CASES}
    cells |= {cell: BREAKS for cell in cells if cell.endswith("clock_moves_on")} | {f"{OTHER}/{TWO}/commit_once": LEAKS}
    write_baseline(tmp_path / "reports" / "baseline.json", cells, "2026-11-22")
    return tmp_path


def write_run(root, *, recipes=(ONE, TWO), cases=CASES[:2], kept=(), changed=None, beside=()) -> None:
    """Facts of STACK: clean but for what is changed; kept: cases of an earlier run; beside: cells outside the selection."""
    cells = [make_cell(recipe, case, **(KEPT if case in kept else {})) for recipe in (*recipes, CONTROLS[1]) for case in cases]
    cells += [make_cell(CONTROLS[0], case, timeline=OUTER_COMMIT, **leaking()) for case in cases]
    for cell in cells:
        cell |= (changed or {}).get((cell["recipe"], cell["case"]), {})
    header = make_header((*recipes, *CONTROLS), cases, complete=False, started=NOW, runs={"run-1": NOW, "run-0": EARLIER})
    extra = {cell["recipe"] for cell in beside} - {*recipes}
    header["recipes"] |= {recipe: {"sha256": "0" * 64} for recipe in extra}
    header["cases"] = {case: {"sha256": "0" * 64, "level": LEVELS[case], "theme": "commit", "commits": True} for case in CASES}
    lines = make_lines(header, [*cells, *beside])
    write_facts(root / "reports" / "data", [*lines, *[{"kind": "recipe", "recipe": recipe, "applies": True, "residue": []} for recipe in extra]])


def conclude(root, *, recipes=None, cases=CASES[:2], selection="core", stacks=(STACK,), command="build", **outcome) -> int:
    about = {"run": "run-1", "started": NOW, "selection": selection, "recipes": recipes, "cases": cases, "rest_s": 1130.0}
    write_outcome(RunOutcome(**about, stacks=list(stacks), ran={STACK: {"seconds": 1.0}}, **outcome), root / "reports" / "data")
    return main(["--root", str(root), command])


def read(root) -> dict:
    results = json.loads((root / "reports" / "results.json").read_text())
    check_results(results)
    return results


def test_what_did_not_run_is_shown_as_reviewed(root, capsys):
    write_run(root)
    assert conclude(root) == 0
    results = read(root)
    cells = results["cells"]
    assert cells[STACK][ONE]["commit_once"] == {"verdict": "isolates"}
    assert cells[STACK][ONE]["clock_moves_on"] == {"verdict": "breaks", "cause": "clock_of_transaction", "reviewed": True}
    assert cells[OTHER][TWO]["commit_once"] == {"verdict": "leaks", "cause": "outer_commit", "reviewed": True}
    about = {stack: (row["state"], row["reason"]) for stack, row in results["stacks"].items() if row["state"] != "not run"}
    assert about == {STACK: ("ran", None), OTHER: ("reviewed", "no part of this run")}
    words = results["words"]
    assert (words[STACK][ONE]["word"], words[STACK][ONE]["lost"]["limit"], words[STACK][ONE]["reviewed"]) == ("isolates", 1, 1)
    assert (words[OTHER][TWO]["word"], words[OTHER][TWO]["reviewed"]) == ("leaks", "all")
    assert results["baseline"]["date"] == read_date(root / "reports" / "baseline.json") == "2026-11-22"


def test_nothing_of_the_baseline_counts_as_run(root, capsys):
    write_run(root)
    conclude(root)
    results, summary = read(root), read(root)["summary"]
    assert (summary["cells"], summary["ran"], summary["kept"], summary["reviewed"], summary["stacks_ran"], summary["stacks_not_run"]) == (8, 8, 0, 8, 1, 0)
    assert summary["red"] == 0 and results["unexplained"] == [] and results["drift"] == []
    assert results["causes"]["outer_commit"] | {"cells": 0, "stacks": 0, "reviewed": 1} == results["causes"]["outer_commit"]
    suites = ET.parse(root / "reports" / "junit.xml").getroot().findall("testsuite")
    assert [(suite.get("name"), suite.get("tests")) for suite in suites] == [(STACK, "8")]
    badges = root / "reports" / "site" / "badges"
    assert {path.relative_to(badges).as_posix() for path in badges.rglob(f"{STACK}/**/*.svg")} == {f"{STACK}/{recipe}.svg" for recipe in CONTROLS}
    assert not list(badges.glob("sa*.svg")), "no stack has a recipe whose word rests on what ran alone"
    assert json.loads((root / "reports" / "site" / "badge.json").read_text())["message"] == "as expected"
    out = capsys.readouterr().out
    assert out.splitlines()[:2] == [
        f"core: 1 of {len(load_stacks())} rows, 2 of {len(find_cases())} cases; --all runs the rest, about 19 minutes here",
        "ran 8",
    ]
    assert "no red cells" in out and "outer_commit" not in out


def test_drift_is_judged_over_what_was_selected(root, capsys):
    write_run(root, changed={(ONE, "commit_once"): leaking() | {"timeline": make_cell(timeline=OUTER_COMMIT)["timeline"]}})
    assert conclude(root) == 1
    assert [change["cell"] for change in read(root)["drift"]] == [f"{STACK}/{ONE}/commit_once"]
    write_run(root, cases=("commit_once",))
    assert conclude(root, cases=("commit_once",)) == 0
    assert conclude(root, cases=CASES[:2]) == 1, "a selected cell that is missing is drift"
    assert {change["change"] for change in read(root)["drift"]} == {"gone"}


def test_lines_beside_the_selection_are_ignored(root):
    """A wider run left them in the file: they are neither run nor drift, and what is shown there is the baseline's."""
    beside = [make_cell(ONE, "clock_moves_on", **breaking(), **KEPT), make_cell("plain/truncate", "commit_once", **leaking(), **KEPT)]
    write_run(root, beside=beside)
    assert conclude(root, recipes=[ONE, TWO, *CONTROLS], selection="selected") == 0
    results = read(root)
    assert results["cells"][STACK][ONE]["clock_moves_on"]["reviewed"]
    assert "plain/truncate" not in results["cells"][STACK]
    assert results["summary"]["cells"] == 8


def test_kept_cells_count_and_carry_the_date_of_their_run(root, capsys):
    write_run(root, kept=("commit_as_text",))
    assert conclude(root) == 0
    results = read(root)
    assert results["runs"] == [{"id": "run-0", "started": EARLIER}]
    assert results["cells"][STACK][ONE]["commit_as_text"] == {"verdict": "isolates", "kept": 0}
    assert (results["stacks"][STACK]["kept"], results["stacks"][STACK]["oldest"]) == (3, EARLIER)
    assert capsys.readouterr().out.splitlines()[1] == "ran 5, kept 3 (oldest 2026-11-20)"
    assert (results["summary"]["ran"], results["summary"]["kept"], results["summary"]["oldest"]) == (5, 3, EARLIER)
    assert "kept" not in results["cells"][STACK][ONE]["commit_once"]


def test_facts_on_disk_that_the_run_was_not_of_count_as_nothing(root):
    write_run(root)
    cells = [make_cell(recipe, "commit_once", stack=OTHER) for recipe in (ONE, *CONTROLS)]
    write_facts(root / "reports" / "data", make_lines(make_header((ONE, *CONTROLS), ("commit_once",), stack=OTHER, run="run-0"), cells), name=OTHER)
    (root / "reports" / "data" / f"{PLANNED}.notrun.json").write_text('{"reason": "an old reason", "missing": "a server"}')
    assert conclude(root) == 0
    results = read(root)
    assert results["stacks"][OTHER]["state"] == "reviewed" and results["stacks"][PLANNED]["state"] == "not run"
    assert results["stacks"][PLANNED]["missing"] is None
    assert conclude(root, stacks=(STACK, PLANNED), not_run={PLANNED: "an old reason"}) == 0
    assert read(root)["stacks"][PLANNED]["missing"] == "a server"
    assert main(["--root", str(root), "build", "--merged"]) == 1, "files of several jobs are all of one run"
    assert read(root)["stacks"][OTHER]["state"] == "ran"


def test_a_recipe_that_the_run_found_not_to_apply_is_not_filled(root):
    write_run(root)
    path = root / "reports" / "data" / f"{STACK}.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()[:-1]]
    lines = [line for line in lines if line.get("recipe") != TWO] + [{"kind": "recipe", "recipe": TWO, "applies": False, "unmet": "needs more"}]
    write_facts(path.parent, lines)
    assert conclude(root) == 1, "its cells are gone"
    results = read(root)
    assert TWO not in results["cells"][STACK]
    assert (results["words"][STACK][TWO]["word"], results["words"][STACK][TWO]["note"]) == ("n/a", "needs more")


def test_accepting_dates_the_baseline_and_changes_what_ran_alone(root):
    write_run(root, changed={(ONE, "commit_once"): leaking() | {"timeline": make_cell(timeline=OUTER_COMMIT)["timeline"]}})
    assert conclude(root, command="accept") == 0
    path = root / "reports" / "baseline.json"
    assert read_date(path) > "2026-11-22"
    assert conclude(root) == 0
    assert read(root)["cells"][OTHER][TWO]["commit_once"]["cause"] == "outer_commit"


def test_a_baseline_without_a_date_is_shown_without_one(root):
    path = root / "reports" / "baseline.json"
    path.write_text(path.read_text().replace(' "date": "2026-11-22",\n', ""))
    write_run(root)
    assert conclude(root) == 0
    assert read(root)["baseline"]["date"] is None
    assert "reviewed</" in (root / "reports" / "site" / "stacks" / f"{OTHER}.html").read_text()


def test_figures_as_people_read_them():
    assert describe_counts(812, 24107, EARLIER) == "ran 812, kept 24,107 (oldest 2026-11-20)"
    assert describe_counts(12, 0, None) == "ran 12"
    assert (describe_rest(None), describe_rest(20), describe_rest(1130)) == ("", ", about 1 minute here", ", about 19 minutes here")
