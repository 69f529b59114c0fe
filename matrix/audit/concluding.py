"""After the last test: what is left in databases that several workers share, and what stays after the run."""

from __future__ import annotations

from matrix.audit.auditor import Auditor
from matrix.audit.findings import CLEARED, NOTE, SHARED, Finding
from matrix.audit.watching import Watch
from matrix.witness.observing import find_differences


def conclude(auditor: Auditor) -> None:
    """Look once more where no single test could be looked at, and disconnect everywhere."""
    cleared = {(f.database, r.object) for f in auditor.findings if f.kind == CLEARED for r in f.residue}
    for watch in auditor.watches.values():
        for finding in watch.pending:
            if {(finding.database, r.object) for r in finding.residue} <= cleared:
                finding.kind = CLEARED
        if watch.shared and watch.reference is not None and not watch.gone:
            conclude_shared(auditor, watch)
        if watch.unwatched or (watch.gone and watch.reference is None):
            auditor.problems.append(f"{watch.address.name} was not watched in {watch.unwatched} tests: {watch.lost}")
        watch.looker.close()


def conclude_shared(auditor: Auditor, watch: Watch) -> None:
    """Tell what is left in a database that several workers share: whose it is, nobody can say."""
    now = watch.look(full=True)
    residue = find_differences(watch.first, now) if now is not None and watch.first is not None else []
    if residue:
        workers = ", ".join(sorted(watch.workers))
        made = all(found.kind.endswith(("_created", "_dropped")) for found in residue)
        cause = {"id": "shared_database", "title": f"Workers {workers} share this database", "remedy": "Run with -n 0 to learn the test.", "proof": workers}
        auditor.findings.append(Finding(NOTE if made else SHARED, None, watch.address.name, residue, cause=cause))
