"""The cells of one recipe: a first pass, a confirmation of what is red, a repetition of what grows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from matrix.facts import JsonObject
from matrix.judging.verdicts import RED, judge_pass
from matrix.plan.contents import Case, Recipe
from matrix.supervisor.childrun import CONFIRMATION, FIRST, REPEATED, ChildRun, fail_collection
from matrix.supervisor.examination import Examination
from matrix.supervisor.recipe import RecipeProcess, RecipeUncollected
from matrix.witness import Residue

REPEATS = 5


@dataclass
class RecipeFacts:
    """What happened to one recipe on a stack."""

    cells: list[JsonObject] = field(default_factory=list)
    residue: list[Residue] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    repeats: JsonObject = field(default_factory=dict)
    unlogged: str | None = None  # why the server's statement log could not be had


def examine_recipe(exam: Examination, recipe: Recipe, cases: Iterable[Case]) -> RecipeFacts:
    """Run every case, then those that are not clean once more in another child and order."""
    facts, groups = RecipeFacts(), group_by_fixtures(cases)
    try:
        with RecipeProcess(exam.warm, recipe) as process:
            run_passes(exam, process, groups, facts)
    except RecipeUncollected as error:
        facts.cells = [fail_collection(exam.stack.id, recipe.id, case, error) for group in groups for case in group]
        list(map(exam.on_cell, facts.cells))
    return facts


def run_passes(exam: Examination, process: RecipeProcess, groups: list[list[str]], facts: RecipeFacts) -> None:
    """Run the first pass, confirm what is red in another order, and repeat a case that left something in its process."""
    run_groups(exam, process, groups, FIRST, facts)
    unclean = {cell["case"] for cell in facts.cells if judge_pass(cell) in RED}
    if unclean:
        facts.unlogged = exam.witness.start_statements()
        try:
            again = [[case for case in group[::-1] if case in unclean] for group in groups[::-1]]
            run_groups(exam, process, again, CONFIRMATION, facts)
        finally:
            exam.witness.stop_statements()
    dirty = [cell["case"] for cell in facts.cells if cell["process"] and cell["ended"] == "finished"]
    if dirty:
        facts.repeats = repeat_case(exam, process, dirty[0])


def run_groups(exam: Examination, process: RecipeProcess, groups: list[list[str]], pass_name: str, facts: RecipeFacts) -> None:
    """Run each group of cases in as many children as it takes."""
    number = 0
    for cases in groups:
        while cases:
            number += 1
            run = ChildRun(exam, process, cases, pass_name, number)
            run.run()
            facts.cells += run.cells
            facts.residue += run.residue
            facts.endings += run.endings
            cases = cases[len(run.cells) :]


def repeat_case(exam: Examination, process: RecipeProcess, case: str) -> JsonObject:
    """Run one case several times in one child without retirement: what accumulates shows here alone."""
    run = ChildRun(exam, process, [case], REPEATED, repeat=REPEATS)
    run.run()
    grown: dict[str, list[int]] = {}
    for place, cell in enumerate(run.cells):
        for found in cell["process"]:
            grown.setdefault(found["kind"], [0] * len(run.cells))[place] += found["count"]
    return {"case": case, "runs": len(run.cells), "verdicts": [judge_pass(cell) for cell in run.cells], "grown": grown}


def group_by_fixtures(cases: Iterable[Case]) -> list[list[str]]:
    """Return the cases' ids, those together that ask for the same fixtures and may share a child.

    Seed data lives as long as the child: a case that did not ask for it must not find it.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for case in cases:
        groups.setdefault(case.fixtures, []).append(case.id)
    return list(groups.values())
