"""restored_rows is the recipe to begin with: by the baseline, no other keeps an essential or common case that it loses."""

from __future__ import annotations

import copy
from collections import defaultdict
from pathlib import Path

import pytest

from matrix.judging.baseline import read_baseline
from matrix.judging.changes import split_cell
from matrix.plan.contents import find_cases, find_recipes
from matrix.plan.rows import load_stacks
from reports.page.model import Site
from reports.page.views import list_losses
from reports.places import ROOT
from reports.results.dominance import find_losses
from tests.browser.example import make_example

# Where another recipe passes and restored_rows does not, as measured, and why. All else is to be won, or told here.
EXCEPTIONS = {
    "deferred_trigger": "its function and its trigger are in no MetaData; a copy of the database is dropped with them",
    "sequence_goes_on": "a sequence of its own is in no MetaData; CREATE SEQUENCE is undone by a rollback on PostgreSQL",
}


@pytest.fixture(scope="module")
def baseline() -> dict[str, dict[str, dict[str, str]]]:
    """stack -> recipe -> case -> verdict."""
    verdicts: dict = defaultdict(lambda: defaultdict(dict))
    for cell, judged in read_baseline(Path(ROOT, "reports", "baseline.json")).items():
        stack, recipe, case = split_cell(cell)
        verdicts[stack][recipe][case] = judged.verdict
    return verdicts


@pytest.fixture(scope="module")
def dominating() -> list[str]:
    return [recipe for recipe in find_recipes() if recipe.endswith("/restored_rows")]


def find_lost_cases(baseline, dominating) -> dict[str, list[str]]:
    """Case -> where restored_rows loses it to which recipes."""
    lost: dict[str, list[str]] = defaultdict(list)
    for stack, verdicts in baseline.items():
        for recipe in dominating:
            if recipe in verdicts:
                for case, others in find_losses(verdicts, recipe).items():
                    lost[case].append(f"{stack}: {recipe} loses to {', '.join(others)}")
    return lost


def test_restored_rows_passes_what_any_other_passes_apart_from_the_exceptions(baseline, dominating):
    lost = find_lost_cases(baseline, dominating)
    assert {case: places[:3] for case, places in lost.items() if case not in EXCEPTIONS} == {}
    assert EXCEPTIONS.keys() - lost.keys() == set(), "an exception that is none any more: take it out"


def test_no_exception_is_essential_or_common():
    cases = find_cases()
    assert {cases[case].level for case in EXCEPTIONS} == {"limit"}


def test_it_is_measured_wherever_its_family_is(baseline, dominating):
    """A row without it would be won by silence."""
    rows = load_stacks()
    for recipe in dominating:
        family = recipe.partition("/")[0]
        measured = {stack for stack, verdicts in baseline.items() if any(other.startswith(f"{family}/") for other in verdicts)}
        assert measured == {stack for stack in measured if recipe in baseline[stack]}
        assert measured <= {stack.id for stack in rows.values() if family in stack.families}
    assert sum(recipe in verdicts for verdicts in baseline.values() for recipe in dominating) > 60


def test_losing_one_common_case_is_found(baseline, dominating):
    worse = copy.deepcopy(baseline)
    worse["sa21-psycopg2-postgresql18"]["plain/restored_rows"]["commit_twice"] = "leaks"
    assert "plain/create_savepoint" in " ".join(find_lost_cases(worse, dominating)["commit_twice"])


VERDICTS = {
    "f/mine": {"both": "isolates", "theirs": "leaks", "nobody": "breaks", "silent": "n/a"},
    "f/other": {"both": "isolates", "theirs": "isolates", "nobody": "hangs", "silent": "isolates", "absent": "isolates"},
    "f/real_commits": {"nobody": "isolates"},
    "g/elsewhere": {"nobody": "isolates"},
}


def test_losses_are_of_one_family_without_controls_and_silence_does_not_win():
    assert find_losses(VERDICTS, "f/mine") == {case: ["f/other"] for case in ("theirs", "silent", "absent")}
    assert find_losses(VERDICTS, "f/other") == {}


LEAKS, PASSES = {"verdict": "leaks", "cause": "example_cause_00"}, {"verdict": "isolates"}


def make_site(word: str) -> Site:
    """A site with a stack where one recipe of family flask loses one of two cases to another; the recipe's word is given."""
    results = make_example(lines=1, recipes=28, cases=2, servers=3)[0]
    stack = next(iter(results["cells"]))
    mine, other, control = "flask/example_recipe_09", "flask/example_recipe_16", "flask/real_commits"
    first, second = results["cases"]
    results["cells"] = {stack: {mine: {first: LEAKS, second: LEAKS}, other: {first: PASSES, second: LEAKS}, control: {first: PASSES, second: PASSES}}}
    results["words"] = {stack: {mine: {"word": word}}}
    return Site(results)


def test_page_of_a_recipe_that_keeps_what_is_essential_says_where_another_passes():
    assert [(loss.case, loss.stacks, loss.others) for loss in list_losses(make_site("isolates, with limits"), "flask/example_recipe_09")] == [
        ("example_case_00", 1, [("flask/example_recipe_16", 1)])
    ]


def test_page_of_a_recipe_that_nobody_should_choose_says_nothing_of_it():
    assert list_losses(make_site("leaks"), "flask/example_recipe_09") == []
