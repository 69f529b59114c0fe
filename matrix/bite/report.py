"""`nox -s bite`: the table of cases and mutants, and the file from which the report tells what a case catches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from matrix.bite.catches import PLACE, write_catches
from matrix.bite.mutants import Mutants, find_mutants, read_title
from matrix.bite.trial import Trial, find_failures, try_mutants
from matrix.facts import JsonObject
from matrix.plan.contents import ROOT, find_cases
from matrix.plan.selection import select
from matrix.run.serverpool import ServerPool
from matrix.run.workflow import Options


def prove_bite(mutants: Sequence[str], cases: Sequence[str], jobs: int, ways: Sequence[str]) -> int:
    """Try the selected mutants and cases (globs; none selects all) and print who catches whom; returns the exit code.

    Only the whole trial judges and writes: a part cannot tell that a case catches nothing, or a mutant too much.
    """
    found, all_cases, console = find_mutants(), find_cases(), Console(highlight=False)
    whole = not mutants and not cases
    chosen = _choose(found, mutants)
    with ServerPool(ways) as servers:
        trial = try_mutants(servers, chosen, select(all_cases, cases, "case"), Options(jobs, ways), console)
    show_trial(trial, console)
    if not whole:
        console.print("a part of the trial: nothing is judged and nothing is written")
        return 1 if trial.broken else 0
    failures = find_failures(trial)
    for failure in failures:
        console.print(f"not as expected: {failure}", markup=False, soft_wrap=True)
    if not failures:
        console.print(f"{PLACE}: {'written' if write_catches(ROOT, list_catches(trial)) else 'up to date'}")
    return 1 if failures else 0


def _choose(mutants: Mutants, globs: Sequence[str]) -> Mutants:
    chosen = {recipe.id: recipe for recipe in select(mutants.mutated, globs, "mutant")}
    homes = {recipe.family for recipe in chosen.values()}
    return replace(
        mutants,
        stacks={home: stack for home, stack in mutants.stacks.items() if home in homes},
        unmutated={id: recipe for id, recipe in mutants.unmutated.items() if recipe.family in homes},
        mutated=chosen,
    )


def list_catches(trial: Trial) -> dict[str, list[JsonObject]]:
    """Return what every case catches, as the report shows it."""
    return {
        case: [
            {"mutant": mutant, "title": read_title(trial.mutants.mutated[mutant]), "verdict": trial.cells[mutant][case].verdict}
            for mutant in trial.list_caught(case)
        ]
        for case in trial.cases
    }


def show_trial(trial: Trial, console: Console) -> None:
    """Print one row per case and mutant that meet, cases that catch nothing included, and what it comes to."""
    table = Table("case", "mutant", "verdict", "why", box=None, pad_edge=False)
    for case in trial.cases:
        caught = trial.list_caught(case)
        for mutant in caught:
            cell = trial.cells[mutant][case]
            table.add_row(case, mutant, cell.verdict, cell.reason)
        if not caught:
            table.add_row(case, "-", "", "catches no mutant")
    (console if console.is_terminal else Console(width=240, highlight=False, file=console.file)).print(table)
    tripped = [case for case in trial.cases if trial.list_caught(case)]
    caught = [mutant for mutant in trial.mutants.mutated if trial.list_catchers(mutant)]
    console.print(f"{len(tripped)} of {len(trial.cases)} cases catch {len(caught)} of {len(trial.mutants.mutated)} mutants")
