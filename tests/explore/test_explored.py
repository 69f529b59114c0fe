"""The summary of exploring: whole files only, what pages show, and that no word contradicts it."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from matrix.judging.baseline import read_baseline
from matrix.judging.changes import Judged
from matrix.plan.contents import find_cases
from matrix.plan.rows import load_stacks
from reports.explored.contradictions import find_contradictions
from reports.explored.summary import PLACE, ExploredError, accept_explored, read_summary
from reports.explored.unseen import find_unseen
from reports.explored.views import compare_lines, view_recipe
from reports.readme.words import Inputs, find_words

ROOT = Path(__file__).parents[2]


def make_reason(program="flush commit", **more):
    return {
        "cause": "outer_commit", "verdict": "leaks", "program": program.split(), "count": 3, "step": None, "operation": None, "got": None, "expected": None,
        "left": ["rows added: customers"], "errors": [], "ended": "finished", "proof": "", **more,
    }  # fmt: skip


def write_result(root, stack="sa20-psycopg2-postgresql18", reasons=(), line="2.0", recipe="plain/x", **header):
    head = {
        "kind": "header", "stack": stack, "line": line, "mode": "future", "product": "postgresql", "started": "2026-11-28T08:00:00Z", "depth": 3, "short": 373,
        "random": 10, "seed": 1, "versions": {"packages": {"SQLAlchemy": "2.0"}, "server": "18"}, **header,
    }  # fmt: skip
    found = {
        "kind": "recipe", "recipe": recipe, "applies": True, "sha256": "ab", "programs": 383, "differing": 3, "rate": 150.0, "unsteady": [], "unnamed": 0,
        "reasons": list(reasons),
    }  # fmt: skip
    body = b"".join(json.dumps(record).encode() + b"\n" for record in (head, found))
    footer = {"kind": "footer", "lines": 2, "sha256": hashlib.sha256(body).hexdigest()}
    path = root / "reports" / "data" / "explore" / f"{stack}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body + json.dumps(footer).encode() + b"\n")
    return path


def test_accepting_keeps_what_was_not_explored_again(tmp_path):
    write_result(tmp_path, reasons=[make_reason()])
    assert accept_explored(tmp_path) == ["sa20-psycopg2-postgresql18"]
    (tmp_path / "reports/data/explore/sa20-psycopg2-postgresql18.jsonl").unlink()
    write_result(tmp_path, "sa21-psycopg2-postgresql18", line="2.1")
    accept_explored(tmp_path)
    assert list(read_summary(tmp_path)["stacks"]) == ["sa20-psycopg2-postgresql18", "sa21-psycopg2-postgresql18"]


def test_accepting_keeps_recipes_that_met_the_same_programs(tmp_path):
    write_result(tmp_path, reasons=[make_reason()])
    accept_explored(tmp_path)
    write_result(tmp_path, recipe="plain/y")
    accept_explored(tmp_path)
    (run,) = read_summary(tmp_path)["stacks"].values()
    assert list(run["recipes"]) == ["plain/x", "plain/y"] and run["recipes"]["plain/x"]["reasons"]
    write_result(tmp_path, recipe="plain/y", depth=4)
    accept_explored(tmp_path)
    (run,) = read_summary(tmp_path)["stacks"].values()
    assert list(run["recipes"]) == ["plain/y"]


@pytest.mark.parametrize(
    "spoil", [lambda raw: raw[:-40], lambda raw: raw.replace(b"383", b"384"), lambda raw: b"", lambda raw: raw.rpartition(b'{"kind": "footer"')[0]]
)
def test_file_that_is_not_whole_is_an_error(tmp_path, spoil):
    path = write_result(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ExploredError, match=path.name):
        accept_explored(tmp_path)


@pytest.mark.parametrize(("spoiled", "where"), [(make_reason(count=0), "count"), (make_reason(ended="stopped"), "ended"), ({"cause": None}, "required")])
def test_lines_follow_the_schema(tmp_path, spoiled, where):
    write_result(tmp_path, reasons=[spoiled])
    with pytest.raises(ExploredError, match=rf"line 2: .*{where}"):
        accept_explored(tmp_path)


def test_reasons_that_no_case_had_are_found():
    reasons = [make_reason(), make_reason(cause="savepoint_gone"), make_reason(cause=None)]
    summary = {"stacks": {"s": {"recipes": {"plain/x": {"reasons": reasons}, "plain/y": {"reasons": reasons}}}}}
    baseline = {"s/plain/x/commit_once": Judged("leaks", "outer_commit"), "s/plain/x/commit_twice": Judged("isolates", None)}
    assert [(recipe, reason["cause"]) for _, recipe, reason in find_unseen(summary, baseline)] == [("plain/x", "savepoint_gone"), ("plain/x", None)]


def test_given_programs_are_no_deep_run(tmp_path):
    write_result(tmp_path, depth=None)
    with pytest.raises(ExploredError, match="no result"):
        accept_explored(tmp_path)


def test_recipe_page_shows_reasons_without_a_cause_first(tmp_path):
    nameless = make_reason("flush commit rollback read", cause=None, verdict="breaks", step=3, operation="read", got="nothing", expected="a=1", left=[])
    write_result(tmp_path, reasons=[make_reason(), nameless])
    write_result(tmp_path, "sa21-psycopg2-postgresql18", line="2.1")
    accept_explored(tmp_path)
    view = view_recipe(read_summary(tmp_path), "plain/x", "ab")
    assert [told.cause for told in view.telling] == [None, "outer_commit"] and not view.outdated
    assert view.telling[0].at == "step 4" and "--program 'flush commit rollback read'" in view.telling[0].command
    assert (view.clean[0].short, view.clean[0].stacks) == (373, ["sa21-psycopg2-postgresql18"])
    assert view_recipe(read_summary(tmp_path), "plain/x", "other").outdated
    assert view_recipe(read_summary(tmp_path), "plain/y", "ab") is None
    changes = compare_lines(read_summary(tmp_path))
    assert [(change.program, change.appears) for change in changes] == [("flush commit", False), ("flush commit rollback read", False)]


@pytest.mark.parametrize(
    ("reason", "word", "contradicts"),
    [
        (make_reason(), "leaks", False), (make_reason(), "breaks", True), (make_reason(), "isolates, with limits", True), (make_reason(), "n/a", False),
        (make_reason("nested flush commit"), "isolates", False),
        (make_reason("flush commit read", left=[], step=2, got="nothing", expected="a=1"), "isolates", True),
        (make_reason("flush commit read", left=[], step=2, got="nothing", expected="a=1"), "breaks", False),
        (make_reason("flush read", left=[], step=1, got="nothing", expected="a=1"), "isolates", False),
    ],
)  # fmt: skip
def test_contradictions(reason, word, contradicts):
    summary = {"stacks": {"s": {"recipes": {"r": {"reasons": [reason]}}}}}
    assert bool(find_contradictions(summary, {("s", "r"): word})) == contradicts


def test_no_word_contradicts_what_exploring_shows():
    levels = {name: case.level for name, case in find_cases().items()}
    words = find_words(Inputs(read_baseline(ROOT / "reports" / "baseline.json"), tuple(load_stacks().values()), levels))
    found = find_contradictions(read_summary(ROOT), {place: word.word for place, word in words.items()})
    assert not found, "\n".join(map(str, found))


def test_the_control_is_as_production_in_all_programs():
    """An instrument that finds a difference where there is none would find others too."""
    counted = Counter()
    for run in read_summary(ROOT)["stacks"].values():
        if control := run["recipes"].get("plain/fresh_database"):
            counted[run["product"]] += control["programs"]
            assert (control["differing"], control["unsteady"], control["reasons"]) == (0, 0, [])
    assert set(counted) == {"postgresql", "mysql", "mariadb"}
    assert min(counted.values()) >= 10_000


def test_committed_summary_is_there():
    assert read_summary(ROOT)["stacks"], f"{PLACE} is made by `nox -s explore -- --accept` after a deep run"


def test_pages_show_what_was_explored_and_escape_it(tmp_path):
    from reports.page.model import page_of_recipe
    from reports.page.packing import pack_details
    from reports.page.site import write_site
    from tests.browser.example import make_example

    results, details = make_example(lines=1, recipes=7, cases=6, servers=2)
    first, second, *_ = results["recipes"]
    reason = make_reason("flush commit read", cause=None, step=2, operation="read", got="<b>nothing</b>", expected="a=1", left=["rows added: <i>customers</i>"])
    found = {"programs": 373, "differing": 3, "sha256": "old", "rate": 1.0, "unsteady": 0, "unnamed": 0}
    run = {"explored": "2026-11-28", "depth": 3, "short": 373, "random": 10, "seed": 1, "mode": "future", "product": "postgresql"}
    recipes = {first: {**found, "reasons": [reason]}, second: {**found, "reasons": []}}
    clean = {**run, "line": "2.1", "recipes": {first: {**found, "reasons": []}}}
    stacks = {"sa20-psycopg2-postgresql18": {**run, "line": "2.0", "recipes": recipes}, "sa21-psycopg2-postgresql18": clean}
    packed = {stack: pack_details(detail) for stack, detail in details.items()}
    write_site(results, packed, tmp_path, explored={"format": 1, "date": "2026-11-28", "stacks": stacks})
    page = (tmp_path / page_of_recipe(first)).read_text()
    assert "The shortest programs that tell it from production" in page and "No cause explains it yet" in page
    assert "&lt;b&gt;nothing&lt;/b&gt;" in page and "&lt;i&gt;customers&lt;/i&gt;" in page and "<b>nothing" not in page
    assert "--program &#39;flush commit read&#39;" in page
    assert "behaved as in production, on 1 stack" in (tmp_path / page_of_recipe(second)).read_text()
    assert "Programs that change their outcome between two lines" in (tmp_path / "upgrade.html").read_text()
