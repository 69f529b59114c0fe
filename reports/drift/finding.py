"""Drift: where a run differs from the reviewed baseline, and when a new baseline may be written.

Strict on both sides: an unexpected pass is drift too. A run is judged only over what it selected and ran.
"""

from collections.abc import Iterable, Mapping, Sequence

from matrix.judging.changes import Change, Judged, find_changes, split_cell
from matrix.judging.controls import is_control
from matrix.judging.verdicts import FLAKY, INFRASTRUCTURE, ISOLATES, NOT_RUN, RED
from reports.results.grading import GradedStack


def judge_cells(graded: Iterable[GradedStack]) -> dict[str, Judged]:
    """Return verdict and cause of every cell that is not a control's, by cell id."""
    return {
        cell.id: Judged(cell.verdict, cell.cause)
        for stack in graded
        for recipe, by_case in stack.cells.items()
        if not is_control(recipe)
        for cell in by_case.values()
    }


def find_drift(baseline: Mapping[str, Judged], graded: Mapping[str, GradedStack]) -> list[Change]:
    """Return every cell of the run that is not as the baseline says, missing ones of its selection included."""

    def covers(cell: str) -> bool:
        stack, recipe, case = split_cell(cell)
        return stack in graded and graded[stack].scope.takes(recipe, case)

    return find_changes(baseline, judge_cells(graded.values()), covers)


def list_reviewed(baseline: Iterable[str]) -> frozenset[str]:
    """Return the stacks of which any cell was ever reviewed: a new row has nothing to drift from, and its cells are told as new."""
    return frozenset(split_cell(cell)[0] for cell in baseline)


def is_failure(change: Change, passes: Sequence[str] = ()) -> bool:
    """Return whether a run fails for a change: for another verdict, on which both passes of the cell agree.

    Another leading cause of the same verdict is shown only: a cause is a rule's reading, the verdict is what was measured.
    A cell that does not agree with itself is a finding of its own, flaky; it says nothing against the baseline when one of
    its passes has the baseline's verdict, nor when the baseline has it as flaky.
    passes: the verdicts of both passes of a flaky cell.
    """
    expected, actual = change.expected, change.actual
    if expected is None or actual is None:
        return True
    if expected.verdict == FLAKY:
        return actual.verdict not in (ISOLATES, *RED)
    return expected.verdict not in (passes if actual.verdict == FLAKY else (actual.verdict,))


def find_objections(drift: Iterable[Change], problems: Iterable[str]) -> list[str]:
    """Return why the drift may not become the new baseline; empty when it may."""
    objections = [f"the instrument is not to be trusted: {problem}" for problem in problems]
    for change in drift:
        if change.actual is None:
            continue
        if change.actual.verdict in (INFRASTRUCTURE, NOT_RUN):
            objections.append(f"{change.cell}: {change.actual.verdict} is no finding; run it again")
        elif change.actual.verdict in RED and change.actual.cause is None:
            objections.append(f"{change.cell}: {change.actual.verdict} without a cause; write a rule that explains it, in matrix/judging/causes/")
    return objections


def apply_drift(baseline: Mapping[str, Judged], drift: Iterable[Change]) -> dict[str, Judged]:
    """Return the baseline with the drift accepted; cells that did not run stay as they were."""
    cells = dict(baseline)
    for change in drift:
        if change.actual is None:
            cells.pop(change.cell, None)
        else:
            cells[change.cell] = change.actual
    return cells
