"""Drift from the baseline, strict on both sides, and the conditions for accepting it."""

import json

import pytest

from matrix.facts.reading import load_stack
from matrix.judging.baseline import BaselineError, read_baseline, write_baseline
from matrix.judging.changes import Change, Judged, find_changes, split_cell
from matrix.plan.contents import find_cases, find_recipes
from matrix.plan.rows import load_stacks
from reports.drift.comparison import compare_results
from reports.drift.finding import apply_drift, find_drift, find_objections, is_failure, judge_cells
from reports.places import ROOT
from reports.results.grading import grade_stack
from tests.made_facts import STACK, breaking, leaking, make_cell, make_header, make_lines, make_recipe, write_facts

RECIPES = ("plain/one", "plain/real_commits")
CASES = ("commit_once", "commit_twice")
OUTER_COMMIT = ("1s> begin", "1c: BEGIN", "1c: INSERT INTO customers VALUES (1)", "1c> commit", "1c: COMMIT")
ISOLATES, LEAKS = Judged("isolates"), Judged("leaks", "outer_commit")
ONE = f"{STACK}/plain/one"


def run(tmp_path, cells, recipes=RECIPES, cases=CASES, complete=True, **recipe_lines):
    lines = make_lines(make_header(recipes, cases, complete=complete), cells, **recipe_lines)
    return {STACK: grade_stack(load_stack(write_facts(tmp_path, lines)))}


def make_cells(**changed):
    """Two clean cells of plain/one, two leaking ones of the control; changed: case -> facts."""
    own = [make_cell("plain/one", case, **changed.get(case, {})) for case in CASES]
    return own + [make_cell("plain/real_commits", case, **leaking()) for case in CASES]


def baseline_of(**changed):
    return {f"{ONE}/{case}": changed.get(case, ISOLATES) for case in CASES}


def test_run_as_expected_has_no_drift(tmp_path):
    graded = run(tmp_path, make_cells(commit_twice=dict(timeline=OUTER_COMMIT, **leaking())))
    assert find_drift(baseline_of(commit_twice=LEAKS), graded) == []


@pytest.mark.parametrize(
    ("expected", "facts", "change"),
    [
        (ISOLATES, {"timeline": OUTER_COMMIT, **leaking()}, "regressed"),
        (LEAKS, {}, "fixed"),
        (LEAKS, breaking(), "changed"),
        (Judged("leaks", "no_outer_transaction"), {"timeline": OUTER_COMMIT, **leaking()}, "changed"),
        (LEAKS, leaking(), "changed"),
        (LEAKS, {"unmet": "needs a capability"}, "changed"),
        (ISOLATES, {"ended": "infrastructure", "infrastructure": "server gone"}, "regressed"),
    ],
)
def test_every_difference_is_drift_an_unexpected_pass_too(tmp_path, expected, facts, change):
    [drift] = find_drift(baseline_of(commit_twice=expected), run(tmp_path, make_cells(commit_twice=facts)))
    assert (drift.cell, drift.change, drift.expected) == (f"{ONE}/commit_twice", change, expected)


FLAKY = Judged("flaky", "outer_commit")


@pytest.mark.parametrize(
    ("expected", "actual", "passes", "fails"),
    [
        (ISOLATES, LEAKS, (), True),
        (LEAKS, ISOLATES, (), True),
        (None, ISOLATES, (), True),
        (ISOLATES, None, (), True),
        (LEAKS, Judged("leaks", "no_outer_transaction"), (), False),
        (LEAKS, FLAKY, ("leaks", "isolates"), False),
        (ISOLATES, FLAKY, ("leaks", "isolates"), False),
        (ISOLATES, FLAKY, ("leaks", "breaks"), True),
        (FLAKY, LEAKS, (), False),
        (FLAKY, ISOLATES, (), False),
        (FLAKY, Judged("n/a"), (), True),
        (FLAKY, Judged("infrastructure"), (), True),
    ],
)
def test_a_run_fails_for_another_verdict_on_which_both_passes_agree(expected, actual, passes, fails):
    assert is_failure(Change("s/plain/one/commit_once", "changed", expected, actual), passes) is fails


def test_new_cells_are_drift_and_controls_are_not_in_the_baseline(tmp_path):
    graded = run(tmp_path, make_cells())
    assert {change.cell: change.change for change in find_drift({}, graded)} == {f"{ONE}/{case}": "new" for case in CASES}
    assert set(judge_cells(graded.values())) == set(baseline_of())


def test_cells_that_are_gone_are_drift_in_a_complete_run(tmp_path):
    graded = run(tmp_path, make_cells())
    baseline = baseline_of() | {f"{ONE}/removed_case": ISOLATES, f"{STACK}/plain/removed/commit_once": LEAKS}
    assert [(change.cell, change.change) for change in find_drift(baseline, graded)] == [
        (f"{ONE}/removed_case", "gone"), (f"{STACK}/plain/removed/commit_once", "gone"),
    ]  # fmt: skip


def test_recipe_that_no_longer_applies_is_drift(tmp_path):
    cells = [cell for cell in make_cells() if cell["recipe"] != "plain/one"]
    graded = run(tmp_path, cells, **{"plain/one": make_recipe("plain/one", applies=False, unmet="needs SQLAlchemy>=3")})
    assert {change.change for change in find_drift(baseline_of(), graded)} == {"gone"}


def test_partial_run_is_judged_over_its_selection_only(tmp_path):
    cells = [cell for cell in make_cells() if cell["case"] == "commit_once"]
    graded = run(tmp_path, cells, cases=("commit_once",), complete=False)
    baseline = baseline_of(commit_twice=LEAKS) | {f"{STACK}/plain/other/commit_once": LEAKS, "sa13-x/plain/one/commit_once": LEAKS}
    assert find_drift(baseline, graded) == []
    assert [change.change for change in find_drift(baseline | {f"{ONE}/commit_once": LEAKS}, graded)] == ["fixed"]


def test_drift_is_accepted_only_with_a_cause(tmp_path):
    explained = find_drift(baseline_of(), run(tmp_path, make_cells(commit_twice=dict(timeline=OUTER_COMMIT, **leaking()))))
    assert find_objections(explained, []) == []
    unexplained = find_drift(baseline_of(), run(tmp_path, make_cells(commit_twice=leaking())))
    assert "without a cause" in find_objections(unexplained, [])[0]


def test_drift_is_not_accepted_from_a_broken_instrument(tmp_path):
    fixed = find_drift(baseline_of(commit_twice=LEAKS), run(tmp_path, make_cells()))
    assert find_objections(fixed, []) == []
    assert "not to be trusted" in find_objections(fixed, ["the witness is blind"])[0]
    gone = {"ended": "infrastructure", "infrastructure": "server gone"}
    broken = find_drift(baseline_of(), run(tmp_path, make_cells(commit_once=gone)))
    assert "run it again" in find_objections(broken, [])[0]


def test_accepting_changes_only_what_ran(tmp_path):
    elsewhere = {"sa13-x/plain/one/commit_once": LEAKS}
    graded = run(tmp_path, make_cells(commit_twice=dict(timeline=OUTER_COMMIT, **leaking())))
    drift = find_drift(baseline_of() | elsewhere, graded)
    accepted = apply_drift(baseline_of() | elsewhere, drift)
    assert accepted == baseline_of(commit_twice=LEAKS) | elsewhere
    assert find_drift(accepted, graded) == []


def test_misbehaving_control_is_a_problem_of_the_stack(tmp_path):
    cells = [cell if cell["recipe"] == "plain/one" else {**cell, "residue": []} for cell in make_cells()]
    problems = run(tmp_path, cells)[STACK].problems
    assert any("the witness is blind" in problem for problem in problems)
    assert any("plain/fresh_database has no cells" in problem for problem in problems)


def test_baseline_survives_writing_and_reading(tmp_path):
    cells = baseline_of(commit_twice=LEAKS) | {
        f"{STACK}/plain/two/commit_once": Judged("n/a"),
        f"{STACK}/plain/two/odd[a: b/c]": Judged("flaky", "carried_state"),
        "sa13-x/asyncio/three/other": Judged("breaks"),
    }
    write_baseline(tmp_path / "baseline.json", cells, "2026-11-22")
    assert read_baseline(tmp_path / "baseline.json") == cells


def test_baseline_is_small_and_one_line_per_group(tmp_path):
    path = tmp_path / "baseline.json"
    cells = {f"{STACK}/plain/one/case_{number}": ISOLATES for number in range(70)}
    write_baseline(path, cells, "2026-11-22")
    before = path.read_text().splitlines()
    write_baseline(path, cells | {f"{STACK}/plain/one/case_7": LEAKS}, "2026-11-22")
    after = path.read_text().splitlines()
    assert len(after) < 15
    assert [line for line in after if line not in before and "plain" not in line] == ['    "leaks: outer_commit": ["case_7"]']
    json.loads(path.read_text())


def test_missing_baseline_is_none_and_a_broken_one_an_error(tmp_path):
    path = tmp_path / "baseline.json"
    assert read_baseline(path) is None
    for text in ("{", "[]", "{}", '{"format": 2}', '{"format": 1, "cases": {"plain": ["a"]}, "stacks": {"s": {"plain/x": {"odd": ["a"]}}}}'):
        path.write_text(text)
        with pytest.raises(BaselineError, match=r"baseline\.json"):
            read_baseline(path)


def test_changes_name_what_happened():
    old = {"a": ISOLATES, "b": LEAKS, "c": LEAKS, "d": ISOLATES, "e": Judged("n/a")}
    new = {"a": LEAKS, "b": ISOLATES, "c": Judged("breaks"), "e": Judged("breaks"), "f": ISOLATES}
    named = {change.cell: change.change for change in find_changes(old, new)}
    assert named == {"a": "regressed", "b": "fixed", "c": "changed", "d": "gone", "e": "regressed", "f": "new"}


def test_two_results_are_compared_by_cause():
    def results(**cells):
        return {"generated": "2026-11-21T00:00:00Z", "cells": {"s": {"plain/x": cells, "plain/real_commits": {"a": {"verdict": "leaks"}}}}}

    old = results(a={"verdict": "leaks", "cause": "outer_commit"}, b={"verdict": "isolates"}, c={"verdict": "isolates"})
    new = results(a={"verdict": "isolates"}, b={"verdict": "breaks", "cause": "outer_rolled_back"}, c={"verdict": "breaks"})
    compared = compare_results(old, new)
    assert compared["counts"] == {"regressed": 2, "fixed": 1}
    assert compared["causes"] == {"outer_commit": {"fixed": 1}, "outer_rolled_back": {"regressed": 1}, "unexplained": {"regressed": 1}}
    assert [change["cell"] for change in compared["changes"]] == ["s/plain/x/a", "s/plain/x/b", "s/plain/x/c"]


def test_the_repositorys_baseline_names_only_what_there_is():
    """A recipe or case that went would be drift in every run of everybody's."""
    stacks, recipes, cases = set(load_stacks()), set(find_recipes()), set(find_cases())
    named = {(stack, recipe, case.partition("[")[0]) for stack, recipe, case in map(split_cell, read_baseline(ROOT / "reports" / "baseline.json") or {})}
    assert [cell for cell in named if cell[0] not in stacks or cell[1] not in recipes or cell[2] not in cases] == []
