"""One database that tests use, watched from outside: looks, and what each says against the look before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from matrix.audit.address import Address
from matrix.audit.findings import Finding
from matrix.audit.looking import Looker
from matrix.audit.mistakes import AuditFailed
from matrix.audit.reference import Reference, merge, still_there
from matrix.witness.base import PASSING, ROWS
from matrix.witness.findings import Residue
from matrix.witness.observing import Holding, Observation, find_differences

#: A backend whose client has just gone needs a moment to notice (seconds); on a busy machine longer, up to so many times.
GRACE, MOST_BUSY = 0.5, 6
#: The part of it that is enough for a backend whose client stands still.
SETTLED = 0.1
STEP = 0.01


@dataclass
class Watch:
    """One database, who uses it, and what it is compared with."""

    looker: Looker
    reference: Reference | None = None
    workers: set[str] = field(default_factory=set)
    pending: list[Finding] = field(default_factory=list)
    ended: Observation | None = None
    snapshots: dict[str, Observation] = field(default_factory=dict)
    first: Observation | None = None
    gone: bool = False
    lost: str = ""
    unwatched: int = 0
    said_blind: tuple[str, ...] = ()
    columns: dict[str, list[str]] = field(default_factory=dict)
    product: str = "postgresql"

    @property
    def address(self) -> Address:
        return self.looker.address

    @property
    def shared(self) -> bool:
        """Whether several workers write here, so that nobody can say whose a change is."""
        return len(self.workers) > 1

    def begin(self) -> None:
        """Connect, and take what is there as the beginning. Raises AuditFailed."""
        self.gone = False
        now = self.looker.begin()
        self.said_blind, self.product = self.looker.blind, self.looker.product
        self.reference = Reference(now, now)
        self.first, self.ended, self.pending = now, None, []

    def look(self, full: bool = False) -> Observation | None:
        """Return what is there now; None when the database has gone."""
        assert self.reference is not None
        try:
            return self.looker.look(self.reference.clean, full)
        except AuditFailed as error:
            self.gone, self.lost = True, str(error)
            return None

    def find(self, staying: frozenset[int] = frozenset()) -> list[Residue]:
        """Look until what may pass has passed; return what is left against the look before.

        staying: backends whose connections the standing test has checked out; they need no more than to have said so.
        """
        if self.reference is None or self.gone:
            return []
        now, residue = self._await(self.reference.compare, staying=staying)
        if now is not None:
            self.ended = now
            if residue:
                self._name_columns(now)
        return residue

    def _await(
        self, compare: Callable[[Observation], list[Residue]], full: bool = False, staying: frozenset[int] = frozenset()
    ) -> tuple[Observation | None, list[Residue]]:
        """Return the look after which nothing is left that may pass, or the last of those that time allowed, and what it found."""
        began, grace = time.monotonic(), find_grace()
        now = self.look(full)
        while now is not None:
            residue = compare(now)
            passing = {found.backend for found in residue if found.kind in PASSING}
            if not passing or time.monotonic() - began >= (grace * SETTLED if passing <= staying else grace):
                return now, residue
            time.sleep(STEP)
            now = self.look(full)
        return None, []

    def _name_columns(self, now: Observation) -> None:
        for thing in now.objects.values():
            if thing.kind == "column" and thing.parent:
                self.columns.setdefault(thing.parent, []).append(thing.name.rsplit(".", 1)[-1])

    def list_transactions(self) -> list[Holding]:
        """Return the transactions that were open when the test began."""
        held = self.reference.clean.holdings if self.reference is not None else []
        return [holding for holding in held if holding.kind == "open_transaction"]

    # -- steps of a test ---------------------------------------------------------------------

    def take_wider(self, name: str | None = None) -> None:
        """Wider fixtures are about to make, or have made, or ended, something: it belongs to what is compared with."""
        now = self.look() if self.reference is not None and not self.gone else None
        if now is None or self.reference is None:
            return
        if name is not None:
            self.snapshots[name] = now
        self.reference.clean = merge(self.reference.clean, self.reference.last, now)
        self.reference.last = now

    def settle(self) -> None:
        """After a look that found nothing, or whose findings wait: what was seen is the last look."""
        if self.reference is not None and self.ended is not None:
            self.reference.last = self.ended
            if not self.pending:
                self.reference.clean = self.ended

    def meet(self) -> list[tuple[Finding, list[Residue]]]:
        """Look at the beginning of a body: each pending finding with what of it is still there."""
        pending, self.pending = self.pending, []
        now = self.look() if pending else None
        if now is None or self.reference is None or self.ended is None:
            return [(finding, []) for finding in pending]
        met = [
            (finding, [r for r in finding.residue if r.seen_by == "witness" and still_there(r, self.reference.clean, self.ended, now)]) for finding in pending
        ]
        self._accept([residue for _, still in met for residue in still])
        return met

    def _accept(self, residue: list[Residue]) -> None:
        """What a body met is told; from now on it belongs to what is compared with."""
        if not residue or self.reference is None or self.ended is None:
            return
        clean = self.reference.clean
        rows = dict(clean.rows) | {r.object: self.ended.rows[r.object] for r in residue if r.kind in ROWS and r.object in self.ended.rows}
        changed = any(r.kind not in ROWS | PASSING for r in residue)
        objects = self.ended.objects if changed else clean.objects
        if changed:
            rows |= {t: texts for t, texts in self.ended.rows.items() if t not in rows}
        holdings = clean.holdings + [h for h in self.ended.holdings if h.identity not in {k.identity for k in clean.holdings}]
        self.reference.accept(replace(clean, rows=rows, objects=objects, holdings=holdings, fingerprint=self.ended.fingerprint), residue)

    def end_wider(self, names: list[str]) -> list[Residue]:
        """Return what wider fixtures left that have ended, against the look before the first of them began."""
        snapshots = [self.snapshots.pop(name) for name in names if name in self.snapshots]
        if self.reference is None or self.gone:
            return []
        before = snapshots[-1] if snapshots else self.first
        left = self.reference.left_objects | self.reference.left_rows.keys() | {r.object for f in self.pending for r in f.residue}
        held = self.reference.left_held | {(r.kind, r.backend) for f in self.pending for r in f.residue}

        def compare(now: Observation) -> list[Residue]:
            return [r for r in find_differences(before, now) if r.object not in left and (r.kind, r.backend) not in held] if before else []

        now, found = self._await(compare, full=True)
        if now is not None:
            self.reference.clean = merge(self.reference.clean, self.reference.last, now)
            self.reference.last = now
        return found


def find_grace() -> float:
    """Return for how long what may pass is waited for, by how busy the machine is."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return GRACE * min(max(busy, 1), MOST_BUSY)
