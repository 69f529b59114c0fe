"""One database that tests use, watched from outside: looks, and what each says against the look before."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from matrix.audit.findings import Finding
from matrix.audit.mistakes import AuditFailed
from matrix.audit.onlooking import LOST, Address, Onlooker, PostgresqlOnlooker, open_onlooker
from matrix.audit.reference import Reference, merge, still_there
from matrix.witness.base import PASSING, ROWS
from matrix.witness.findings import Residue
from matrix.witness.observing import Observation, find_differences

#: A backend whose client has just gone needs a moment to notice; a busy machine needs longer (seconds).
GRACE = 0.5
STEP = 0.01
#: Behind every so many cheap looks stands a full one.
SAMPLE = 25


@dataclass
class Watch:
    """One database, who uses it, and what it is compared with."""

    address: Address
    onlooker: Onlooker | None = None
    reference: Reference | None = None
    workers: set[str] = field(default_factory=set)
    pending: list[Finding] = field(default_factory=list)
    ended: Observation | None = None
    snapshots: dict[str, Observation] = field(default_factory=dict)
    first: Observation | None = None
    gone: bool = False
    looks: dict[str, int] = field(default_factory=lambda: {"full": 0, "cheap": 0, "sampled": 0})
    disagreements: list[str] = field(default_factory=list)
    since: int | None = None
    cost_s: float = 0.0
    said_blind: tuple[str, ...] = ()
    columns: dict[str, list[str]] = field(default_factory=dict)
    product: str = "postgresql"

    @property
    def shared(self) -> bool:
        """Whether several workers write here, so that nobody can say whose a change is."""
        return len(self.workers) > 1

    def begin(self) -> None:
        """Connect, and take what is there as the beginning."""
        self.onlooker = self.onlooker or open_onlooker(self.address)
        self.gone = False
        self.said_blind, self.product = self.onlooker.blind, self.onlooker.product
        now = self.onlooker.record_baseline()
        self.reference = Reference(now, now)
        self.first, self.ended, self.pending, self.since = now, None, [], None

    def release(self) -> None:
        """Disconnect: somebody is about to drop or to copy this database."""
        if self.onlooker is not None and isinstance(self.onlooker, PostgresqlOnlooker):
            self.onlooker.close(drop=False)
            self.onlooker = None

    def close(self) -> None:
        """Disconnect for good."""
        if self.onlooker is not None:
            try:
                self.onlooker.close(drop=False)
            except LOST:
                pass
            self.onlooker = None

    # -- looking -----------------------------------------------------------------------------

    def look(self, full: bool = False) -> Observation | None:
        """Return what is there now; None when the database has gone."""
        started = time.perf_counter()
        try:
            for attempt in (1, 2):
                try:
                    self.onlooker = self.onlooker or open_onlooker(self.address)
                    return self._look(full)
                except LOST as error:
                    self.close()
                    if attempt == 2:
                        raise AuditFailed(str(error)) from None
        except AuditFailed:
            self.gone = True
        finally:
            self.cost_s += time.perf_counter() - started
        return None

    def _look(self, full: bool) -> Observation:
        assert self.onlooker is not None and self.reference is not None
        cheap, oldest = None, None
        if isinstance(self.onlooker, PostgresqlOnlooker) and self.onlooker._connection.info.server_version >= 130000:
            oldest, following = self.onlooker.read_sign()
            if not full and self.since is not None and not self.pending:
                cheap = self.onlooker.look_cheaply(self.reference.last, self.since, following)
        self.since = oldest
        if cheap is not None:
            self.looks["cheap"] += 1
            if self.looks["cheap"] % SAMPLE:
                return cheap
            self._sample(cheap)
        self.looks["full"] += 1
        return self.onlooker._observe(self.reference.clean)

    def _sample(self, cheap: Observation) -> None:
        """A full look behind a cheap one: a sign that lies is to be known."""
        assert self.onlooker is not None and self.reference is not None
        self.looks["sampled"] += 1
        now = self.onlooker._observe(self.reference.clean)
        found = [r for r in find_differences(cheap, now) if r.kind not in PASSING]
        self.disagreements += [f"{self.address.name}: the cheap sign said clean, the full look said {r.kind} {r.object}" for r in found]

    def find(self) -> list[Residue]:
        """Look until what may pass has passed; return what is left against the look before."""
        if self.reference is None or self.gone:
            return []
        ends = time.monotonic() + GRACE
        now = self.look()
        while now is not None:
            residue = self.reference.compare(now)
            if not any(found.kind in PASSING for found in residue) or time.monotonic() >= ends:
                self.ended = now
                if residue:
                    self._name_columns(now)
                return residue
            time.sleep(STEP)
            now = self.look(full=True)
        return []

    def _name_columns(self, now: Observation) -> None:
        for thing in now.objects.values():
            if thing.kind == "column" and thing.parent:
                self.columns.setdefault(thing.parent, []).append(thing.name.rsplit(".", 1)[-1])

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
        now = self.look(full=True) if pending else None
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
        now = self.look(full=True)
        if now is None:
            return []
        before = snapshots[-1] if snapshots else self.first
        left = self.reference.left_rows.keys() | {r.object for f in self.pending for r in f.residue}
        held = self.reference.left_held | {(r.kind, r.backend) for f in self.pending for r in f.residue}
        found = (
            [r for r in find_differences(before, now) if r.object not in left | self.reference.left_objects and (r.kind, r.backend) not in held]
            if before
            else []
        )
        self.reference.clean = merge(self.reference.clean, self.reference.last, now)
        self.reference.last = now
        return found
