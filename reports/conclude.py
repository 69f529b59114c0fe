"""The end of a run: grade the facts, write the report, say what happened, decide the exit code."""

from __future__ import annotations

from rich.console import Console

from matrix.bite.catches import CatchesError
from matrix.facts.reading import FactsError
from matrix.plan.rows import load_stacks
from matrix.run.outcome import RunOutcome, read_outcome
from reports.build import write_report
from reports.grade import find_failures, grade_all
from reports.places import Places
from reports.standing import find_standing, remember_standing, tell_standing
from reports.summary import summarise_run


def conclude_run(places: Places, console: Console) -> int:
    """Return 0 only when all that could run has a whole result and everything is as expected. Raises OutcomeError."""
    outcome = read_outcome(places.data)
    failures = find_gaps(outcome)
    if not failures and (made := find_standing(places, outcome)):
        tell_standing(made, outcome, places, console)
        return 0
    try:
        report = grade_all(places)
        write_report(places, report)
        summarise_run(report.results, places.index, outcome.wall_s, console)
        failures += find_failures(report)
        if not failures:
            remember_standing(places, outcome, report.results)
    except (FactsError, CatchesError) as error:
        failures.append(str(error))
    for failure in failures:
        console.print(f"not as expected: {failure}", markup=False, highlight=False, soft_wrap=True)
    return 1 if failures else 0


def find_gaps(outcome: RunOutcome) -> list[str]:
    """Return what keeps this run from being a result, one sentence each."""
    gaps = [f"{stack_id}: {reason}" for stack_id, reason in outcome.broken.items()]
    if outcome.interrupted:
        gaps.append("the run was stopped before its end")
    if not outcome.ran:
        gaps.append("no stack ran")
    kinds = {stack.id: stack.database.kind for stack in load_stacks().values()}
    for kind in sorted({kinds[stack] for stack in outcome.stacks} - {kinds[stack] for stack in outcome.ran}):
        reasons = {outcome.not_run[stack] for stack in outcome.stacks if kinds[stack] == kind and stack in outcome.not_run}
        gaps.append(f"nothing of the kind {kind} ran" + "".join(f"\n  {reason}" for reason in sorted(reasons)))
    gaps += [
        f"{cell}: ran again, and its verdict is not the one that was kept; nothing of {stack} was kept"
        for stack, cells in outcome.disagreed.items()
        for cell in cells
    ]
    return gaps
