"""The cells of one recipe: a first pass, a confirmation of what is red, a repetition of what grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event

from matrix.contents import Case, Recipe
from matrix.rows import Stack
from matrix.supervisor.childrun import CONFIRMATION, FIRST, REPEATED, ChildRun, fail_collection
from matrix.supervisor.recipe import RecipeProcess, RecipeUncollected
from matrix.supervisor.warm import WarmProcess
from matrix.witness import Baseline, Residue, Witness
from reports.verdicts import RED, judge_pass

REPEATS = 5


@dataclass
class RecipeFacts:
    """What happened to one recipe on a stack."""

    cells: list[dict] = field(default_factory=list)
    residue: list[Residue] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    repeats: dict = field(default_factory=dict)
    unlogged: str | None = None  # why the server's statement log could not be had


@dataclass
class Examination:
    """What the cells of a stack share: the witness, the warm process and the baseline without any recipe."""

    stack: Stack
    witness: Witness
    warm: WarmProcess
    original: Baseline
    deadline_s: float
    stop: Event
    on_cell: Callable[[dict], None]

    def examine_recipe(self, recipe: Recipe, cases: Iterable[Case]) -> RecipeFacts:
        """Run every case, then those that are not clean once more in another child and order."""
        facts, groups = RecipeFacts(), group_by_fixtures(cases)
        try:
            with RecipeProcess(self.warm, recipe) as process:
                self._examine(process, groups, facts)
        except RecipeUncollected as error:
            facts.cells = [fail_collection(self.stack.id, recipe.id, case, error) for group in groups for case in group]
            list(map(self.on_cell, facts.cells))
        return facts

    def _examine(self, process: RecipeProcess, groups: list[list[str]], facts: RecipeFacts) -> None:
        self._run_groups(process, groups, FIRST, facts)
        unclean = {cell["case"] for cell in facts.cells if judge_pass(cell) in RED}
        if unclean:
            facts.unlogged = self.witness.start_statements()
            try:
                again = [[case for case in group[::-1] if case in unclean] for group in groups[::-1]]
                self._run_groups(process, again, CONFIRMATION, facts)
            finally:
                self.witness.stop_statements()
        dirty = [cell["case"] for cell in facts.cells if cell["process"] and cell["ended"] == "finished"]
        if dirty:
            facts.repeats = self._repeat_case(process, dirty[0])

    def _run_groups(self, process: RecipeProcess, groups: list[list[str]], pass_name: str, facts: RecipeFacts) -> None:
        number = 0
        for cases in groups:
            while cases:
                number += 1
                run = ChildRun(self, process, cases, pass_name, number)
                run.run()
                facts.cells += run.cells
                facts.residue += run.residue
                facts.endings += run.endings
                cases = cases[len(run.cells) :]

    def _repeat_case(self, process: RecipeProcess, case: str) -> dict:
        """Run one case several times in one child without retirement: what accumulates shows here alone."""
        run = ChildRun(self, process, [case], REPEATED, repeat=REPEATS)
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
