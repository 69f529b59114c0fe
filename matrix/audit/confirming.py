"""Before a test is called a culprit it runs once more; who failed on what it left runs once more without it."""

from __future__ import annotations

from collections.abc import Callable

from matrix.audit.auditor import Auditor
from matrix.audit.findings import LEAK, TRACEBACK, Finding

#: More culprits than these are not tried again, and more victims neither: the pattern is clear by then.
MOST = 10
Again = Callable[[list[str]], Auditor]


def confirm(auditor: Auditor, run: Again) -> None:
    """Run each culprit alone and, if that shows nothing, in its place; then each victim alone."""
    culprits = [finding for finding in auditor.findings if finding.kind in (LEAK, TRACEBACK) and finding.test]
    for finding in culprits[:MOST]:
        finding.confirmed = confirm_one(auditor, finding, run)
    for finding in culprits[:MOST]:
        finding.victims = find_victims(auditor, finding, run)


def confirm_one(auditor: Auditor, finding: Finding, run: Again) -> str:
    assert finding.test is not None
    if learn(finding, find_repeated(finding, run([finding.test]))):
        return "confirmed"
    before = [test.id for test in auditor.tests]
    place = before.index(finding.test)
    again = run(before[max(0, place - 20) : place + 1])
    if learn(finding, find_repeated(finding, again)):
        return "confirmed in place"
    # a test that now ends otherwise, because what it left is still there, says nothing
    return "seen once" if finding.outcome in {test.outcome for test in again.tests if test.id == finding.test} else "not tried"


def find_repeated(finding: Finding, again: Auditor) -> Finding | None:
    """Return what one more run shows of the same kind of residue of the same object and test."""
    wanted = name_residue(finding)
    return next((other for other in again.findings if other.test == finding.test and wanted & name_residue(other)), None)


def name_residue(finding: Finding) -> set[tuple[str, str]]:
    return {(found.kind, found.object if found.backend is None else "") for found in finding.residue}


def learn(finding: Finding, repeated: Finding | None) -> bool:
    """Take what the server's own log says of the cause, where it was read; False when nothing was repeated."""
    if repeated is not None and repeated.cause is not None:
        finding.cause, finding.first_event = repeated.cause, repeated.first_event or finding.first_event
    return repeated is not None


def find_victims(auditor: Auditor, finding: Finding, run: Again) -> list[str]:
    """Return the test that met what was left and failed, if it passes without it."""
    outcomes = {test.id: test.outcome for test in auditor.tests}
    if not finding.met_by or outcomes.get(finding.met_by) not in ("failed", "error"):
        return []
    again = run([finding.met_by])
    return [finding.met_by] if any(test.id == finding.met_by and test.outcome == "passed" for test in again.tests) else []
