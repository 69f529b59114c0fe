"""Looks into one database: the cheapest that the sign allows, and full ones behind some of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from matrix.audit.address import LOST, REFUSED, Address, hide_password
from matrix.audit.mistakes import AuditFailed
from matrix.audit.onlooking import Onlooker, Seen, open_onlooker
from matrix.audit.postgresql import PostgresqlOnlooker
from matrix.witness.base import PASSING
from matrix.witness.observing import Observation, find_differences

#: Behind some cheap looks stands a full one: after so many of them, as long as these take no more than this part of the time.
SAMPLE = 25
SHARE = 0.02


@dataclass
class Looker:
    """The examiner's session in one database, and what it saw last."""

    address: Address
    onlooker: Onlooker | None = None
    seen: Seen | None = None
    looks: dict[str, int] = field(default_factory=lambda: {"full": 0, "cheap": 0, "sampled": 0})
    disagreements: list[str] = field(default_factory=list)
    sampling_s: float = 0.0
    began_at: float = field(default_factory=time.monotonic)

    @property
    def blind(self) -> tuple[str, ...]:
        """What the account may not see."""
        return self.onlooker.blind if self.onlooker else ()

    @property
    def product(self) -> str:
        return self.onlooker.product if self.onlooker else self.address.kind

    def begin(self) -> Observation:
        """Connect, and return what is there. Raises AuditFailed."""
        self.onlooker = self.onlooker or open_onlooker(self.address)
        self.seen = None
        try:
            return self.onlooker.record_baseline()
        except REFUSED as error:
            raise AuditFailed(self._say_refused(error)) from None

    def _say_refused(self, error: Exception) -> str:
        why = hide_password(error, self.address.login[1])
        return (
            f"the examiner, as {self.address.login[0]}, may not read {self.address.name} ({why}): "
            f"give MATRIX_AUDIT_ADMIN_URL, or grant it SELECT on every table"
        )

    def release(self) -> None:
        """Disconnect: somebody is about to drop or to copy this database, which PostgreSQL refuses while anybody looks into it."""
        if isinstance(self.onlooker, PostgresqlOnlooker):
            self.close()

    def close(self) -> None:
        """Disconnect."""
        if self.onlooker is not None:
            try:
                self.onlooker.close(drop=False)
            except LOST:
                pass
            self.onlooker = None

    def look(self, clean: Observation, full: bool = False) -> Observation:
        """Return what is there now; `clean` says how much of a table is worth reading. Raises AuditFailed when it has gone."""
        for attempt in (1, 2):
            try:
                self.onlooker = self.onlooker or open_onlooker(self.address)
                return self._look(self.onlooker, clean, full)
            except LOST as error:
                self.close()
                if attempt == 2:
                    raise AuditFailed(hide_password(error, self.address.login[1])) from None
            except REFUSED as error:
                raise AuditFailed(self._say_refused(error)) from None
        raise AssertionError

    def _look(self, onlooker: Onlooker, clean: Observation, full: bool) -> Observation:
        """Read the sign first: what changes while rows are read shows in the next one."""
        before: Any = self.seen.sign if self.seen else None
        sign: Any = onlooker.read_sign(before)
        if self.seen is not None and before is not None and sign is not None and not full:
            now = onlooker.look_after(self.seen.look, before, sign)
            if now is not None:
                self.looks["cheap"] += 1
                self._sample(onlooker, clean, now)
                self.seen = Seen(now, sign)
                return now
        self.looks["full"] += 1
        believed = sign is not None and onlooker.prepare_full(sign)
        now = onlooker._observe(clean)
        self.seen = Seen(now, sign if believed else None)
        return now

    def _sample(self, onlooker: Onlooker, clean: Observation, cheap: Observation) -> None:
        """A full look behind a cheap one, when one is due and paid for by the suite's own time: a sign that lies is to be known."""
        started = time.monotonic()
        if self.looks["cheap"] % SAMPLE or self.sampling_s > SHARE * (started - self.began_at):
            return
        self.looks["sampled"] += 1
        found = [residue for residue in find_differences(cheap, onlooker._observe(clean)) if residue.kind not in PASSING]
        self.disagreements += [f"{self.address.name}: the cheap sign said clean, the full look said {r.kind} {r.object}" for r in found]
        self.sampling_s += time.monotonic() - started
