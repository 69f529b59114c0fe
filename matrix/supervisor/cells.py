"""The cells of one recipe: a first pass, a confirmation of what is not known, a repetition of what grows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from matrix.facts import JsonObject
from matrix.judging.verdicts import ISOLATES, RED, judge_pass
from matrix.plan.contents import Case, Recipe
from matrix.supervisor.childrun import COLLECTED, CONFIRMATION, FIRST, REPEATED, ChildRun, fail_collection
from matrix.supervisor.examination import ALL, UNKNOWN, Examination
from matrix.supervisor.inside import look_inside
from matrix.supervisor.recipe import RecipeProcess, RecipeUncollected
from matrix.witness import Residue

REPEATS = 5


@dataclass
class RecipeFacts:
    """What happened to one recipe on a stack."""

    first: dict[str, JsonObject] = field(default_factory=dict)
    confirmation: dict[str, JsonObject] = field(default_factory=dict)
    agreements: dict[str, str] = field(default_factory=dict)  # what each first pass agrees with, of what is known
    residue: list[Residue] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    repeats: JsonObject = field(default_factory=dict)
    unlogged: str | None = None  # why the server's statement log could not be had

    @property
    def cells(self) -> list[JsonObject]:
        """All passes of all cells."""
        return [*self.first.values(), *self.confirmation.values()]


def examine_recipe(exam: Examination, recipe: Recipe, cases: Iterable[Case], unmet_cells: Iterable[JsonObject] = ()) -> RecipeFacts:
    """Run every case, then in another child and order those that are not as the reviewed baseline says.

    unmet_cells: lines of cells that cannot run on this stack, recorded with the others.
    """
    facts, groups = RecipeFacts(), group_by_fixtures(cases)
    for cell in unmet_cells:
        record_first(exam, facts, cell)
    if not groups:
        return facts
    try:
        with RecipeProcess(exam.warm, recipe) as process:
            run_passes(exam, process, groups, facts)
    except RecipeUncollected as error:
        for case in (case for group in groups for case in group):
            record_first(exam, facts, fail_collection(exam.stack.id, recipe.id, case, error))
    return facts


def run_passes(exam: Examination, process: RecipeProcess, groups: list[list[str]], facts: RecipeFacts) -> None:
    """Run the first pass, confirm what is not known in another order, and repeat a case that left something in its process."""
    unlogged = exam.witness.start_statements()
    try:
        run_groups(exam, process, groups, FIRST, facts)
        unknown = {case for case, cell in facts.first.items() if exam.review.needs_confirmation(cell, facts.agreements[case])}
        if unknown:
            again = [[case for case in group[::-1] if case in unknown] for group in groups[::-1]]
            run_groups(exam, process, again, CONFIRMATION, facts)
    finally:
        exam.witness.stop_statements()
    if any(judge_pass(cell) in RED for cell in facts.cells):
        facts.unlogged = unlogged
    dirty = [case for case, cell in facts.first.items() if not cell["unmet"] and is_dirty(cell)]
    if dirty:
        facts.repeats = repeat_case(exam, process, dirty[0])


def is_dirty(cell: JsonObject) -> bool:
    """Return whether a cell that ended left its process dirty; what the collector ended is gone."""
    return cell["ended"] == "finished" and any(found["kind"] != COLLECTED for found in cell["process"])


def run_groups(exam: Examination, process: RecipeProcess, groups: list[list[str]], pass_name: str, facts: RecipeFacts) -> None:
    """Run each group of cases in as many children as it takes."""
    number = 0
    for cases in groups:
        number = run_group(exam, process, cases, pass_name, facts, number)


def run_group(exam: Examination, process: RecipeProcess, cases: list[str], pass_name: str, facts: RecipeFacts, number: int) -> int:
    """Run one group and look from inside at the cells that need it; returns the number of its last child."""
    record = record_first if pass_name == FIRST else record_confirmation
    waiting: list[JsonObject] = []

    def take(cell: JsonObject, carries: bool) -> None:
        waiting.append(cell) if needs_look(exam, cell, carries) else record(exam, facts, cell)

    while cases:
        number += 1
        run = ChildRun(exam, process, cases, pass_name, number, on_cell=take)
        run.run()
        facts.residue += run.residue
        facts.endings += [ending for ending in run.endings if ending not in facts.endings]
        cases = cases[len(run.cells) :]
    if waiting:
        look_inside(exam, process, waiting)
    for cell in waiting:
        record(exam, facts, cell)
    return number


def needs_look(exam: Examination, cell: JsonObject, carries: bool) -> bool:
    """Return whether a cell that the witness calls clean is to be looked at from inside before it is put on disk."""
    if judge_pass(cell) != ISOLATES:
        return False
    if carries or exam.inside == ALL:
        return True
    return exam.inside == UNKNOWN and cell["pass"] == FIRST and not exam.review.find_agreement(cell)


def record_first(exam: Examination, facts: RecipeFacts, cell: JsonObject) -> None:
    """Put a first pass on disk as soon as it has ended: whoever kills the run loses the running cell alone."""
    facts.first[cell["case"]] = cell
    facts.agreements[cell["case"]] = exam.review.find_agreement(cell)
    exam.record(exam.review.stamp_cell(cell, facts.agreements[cell["case"]]))
    exam.on_cell(cell)


def record_confirmation(exam: Examination, facts: RecipeFacts, cell: JsonObject) -> None:
    """Put a confirmation on disk, with what both passes together agree with."""
    facts.confirmation[cell["case"]] = cell
    exam.record(exam.review.stamp_cell(cell, exam.review.find_agreement(facts.first[cell["case"]], cell)))


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
