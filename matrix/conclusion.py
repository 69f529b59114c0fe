"""The end of a run: grade the facts, write the report, say what happened, decide the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from matrix.selection import Plan
from reports.build import Places, find_failures, grade_all, write_report
from reports.catches import CatchesError
from reports.load import FactsError
from reports.summary import summarise_run

if TYPE_CHECKING:
    from matrix.workflow import RunOutcome


def conclude_run(plan: Plan, outcome: RunOutcome, console: Console) -> int:
    """Return 0 only when all that could run has a whole result and everything is as expected."""
    failures = find_gaps(plan, outcome)
    try:
        report = grade_all(Places())
        write_report(Places(), report)
        summarise_run(report.results, Places().index, outcome.wall_s, console)
        failures += find_failures(report)
    except (FactsError, CatchesError) as error:
        failures.append(str(error))
    for failure in failures:
        console.print(f"not as expected: {failure}", markup=False, highlight=False, soft_wrap=True)
    return 1 if failures else 0


def find_gaps(plan: Plan, outcome: RunOutcome) -> list[str]:
    """Return what keeps this run from being a result, one sentence each."""
    gaps = [f"{stack_id}: {reason}" for stack_id, reason in outcome.broken.items()]
    if outcome.interrupted:
        gaps.append("the run was stopped before its end")
    if not outcome.ran:
        gaps.append("no stack ran")
    ran = {stack.database.kind for stack in plan.stacks if stack.id in outcome.ran}
    for kind in sorted({stack.database.kind for stack in plan.stacks} - ran):
        reasons = {outcome.not_run[stack.id] for stack in plan.stacks if stack.database.kind == kind and stack.id in outcome.not_run}
        gaps.append(f"nothing of the kind {kind} ran" + "".join(f"\n  {reason}" for reason in sorted(reasons)))
    return gaps
