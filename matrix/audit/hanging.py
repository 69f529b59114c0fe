"""Hangs: who waits for whom and since which test, found from the server's lock views while no test says anything."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from matrix.audit.address import LOST
from matrix.audit.auditor import Auditor, Worker
from matrix.audit.findings import HANG, Finding
from matrix.audit.watching import Watch
from matrix.witness.findings import LockWait, Residue

#: A lock wait that lasts this long is a hang (seconds); a holder that will commit is given that time.
HANGS = 5.0


def watch_hangs(auditor: Auditor, workers: Sequence[Worker]) -> None:
    """Tell each wait that has lasted too long once; on our own server it is ended."""
    for watch in auditor.watches.values():
        if watch.looker.onlooker is None:
            continue
        try:
            waits = watch.looker.onlooker.find_lock_waits()
        except LOST:
            continue
        for wait in waits:
            key = (wait.waiter, *wait.holders)
            began = auditor.waits.setdefault(key, time.monotonic())
            if began >= 0 and time.monotonic() - began >= HANGS:
                auditor.waits[key] = -1.0
                tell_hang(auditor, watch, wait, name_waiting(watch, workers))


def name_waiting(watch: Watch, workers: Sequence[Worker]) -> str | None:
    """Return the test that waits, None where several workers use the database and it may be any of theirs."""
    running = [worker.test for worker in workers if not worker.finished and watch.address in worker.watches]
    return running[0] if len(running) == 1 else None


def tell_hang(auditor: Auditor, watch: Watch, wait: LockWait, test: str | None) -> None:
    since = next((f.test for f in reversed(auditor.findings) if any(r.backend in wait.holders for r in f.residue)), None)
    holding = f"backend {', '.join(map(str, wait.holders))}" + (f", open since {since}" if since else "")
    residue = [Residue("lock_wait", wait.what, f"backend {wait.waiter} waits for {holding}", backend=wait.waiter)]
    finding = Finding(HANG, test, watch.address.name, residue, held_by=holding)
    finding.cause = {
        "id": "lock_wait",
        "title": f"It waits for a lock that {holding} holds",
        "remedy": "End the transaction that holds it.",
        "proof": wait.what,
    }
    auditor.findings.append(finding)
    if auditor.own is not None:
        auditor.own.cancel(wait.waiter)
    else:  # nothing of the user's is ended
        print(f"{test or watch.address.name}: {residue[0].detail} ({wait.what}); Ctrl-C ends the suite", file=sys.stderr, flush=True)
