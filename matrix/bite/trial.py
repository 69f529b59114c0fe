"""All cases against all mutants, through the same supervisor and the same verdicts as every recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rich.console import Console

from matrix.bite.mutants import Mutants
from matrix.facts.reading import load_stack
from matrix.judging.verdicts import FLAKY, INFRASTRUCTURE, NOT_APPLICABLE, RED, describe, judge
from matrix.plan.contents import Case
from matrix.plan.selection import Plan
from matrix.run.serverpool import ServerPool
from matrix.run.workflow import Options, run_stacks_on
from matrix.servers.directory import open_scratch

MOST_CATCHES = 3
"""A mutant that more cases catch proves little about any one of them."""


@dataclass(frozen=True)
class Cell:
    """One case against one mutant: the verdict, and what it was in one line."""

    verdict: str
    reason: str

    @property
    def caught(self) -> bool:
        """A verdict that changes from pass to pass proves nothing."""
        return self.verdict in RED and self.verdict != FLAKY


@dataclass(frozen=True)
class Trial:
    """What was tried and how it ended: cells by mutant and case, and stacks without a result."""

    cases: tuple[str, ...]
    mutants: Mutants
    cells: Mapping[str, Mapping[str, Cell]]
    broken: Mapping[str, str]

    def list_catchers(self, mutant: str) -> list[str]:
        """Return the cases that catch a mutant."""
        return [case for case in self.cases if case in self.cells.get(mutant, {}) and self.cells[mutant][case].caught]

    def list_caught(self, case: str) -> list[str]:
        """Return the mutants that a case catches."""
        return [mutant for mutant in self.mutants.mutated if case in self.list_catchers(mutant)]


def try_mutants(servers: ServerPool, mutants: Mutants, cases: Iterable[Case], options: Options, console: Console) -> Trial:
    """Run every case against every mutant on the mutant's own stack; the facts files do not outlive the call."""
    cases = list(cases)
    # a folder is a family that runs on one stack only
    stacks = [replace(stack, families=(home,)) for home, stack in mutants.stacks.items()]
    plan = Plan(stacks, mutants.all, cases, complete=False)
    with open_scratch() as folder:
        options = replace(options, directory=folder)
        outcome = run_stacks_on(servers, plan, options, console)
        cells: dict[str, dict[str, Cell]] = {}
        for stack in outcome.ran:
            for cell in load_stack(options.directory / f"{stack}.jsonl").cells:
                judgement = judge(cell.first, cell.confirmation)
                cells.setdefault(cell.recipe, {})[cell.case] = Cell(judgement.verdict, describe(judgement.shown))
    return Trial(tuple(case.id for case in cases), mutants, cells, outcome.broken | outcome.not_run)


def find_failures(trial: Trial) -> list[str]:
    """Return why the cases are not proven to bite, one sentence each; empty when each is."""
    failures = [f"{stack}: {reason}" for stack, reason in trial.broken.items()]
    for recipe, cells in trial.cells.items():
        unclear = [case for case, cell in cells.items() if cell.verdict in (FLAKY, INFRASTRUCTURE)]
        failures += [f"{recipe}: {case} is {cells[case].verdict}: {cells[case].reason}" for case in unclear]
    for recipe in trial.mutants.unmutated:
        failures += [f"{recipe} has no bug, but {case} says: {trial.cells[recipe][case].reason}" for case in trial.list_catchers(recipe)]
    failures += [failure for mutant in trial.mutants.mutated for failure in _judge_mutant(trial, mutant)]
    failures += [f"case {case} catches no mutant" for case in trial.cases if not trial.list_caught(case)]
    return failures


def _judge_mutant(trial: Trial, mutant: str) -> list[str]:
    catchers = trial.list_catchers(mutant)
    if not any(cell.verdict != NOT_APPLICABLE for cell in trial.cells.get(mutant, {}).values()):
        return [f"mutant {mutant} was not tried"]
    if not catchers:
        return [f"mutant {mutant} is caught by no case"]
    if len(catchers) > MOST_CATCHES:
        return [f"mutant {mutant} is caught by {len(catchers)} cases, at most {MOST_CATCHES} are expected: {', '.join(catchers)}"]
    return []
