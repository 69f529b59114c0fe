"""What a database is compared with: the look before, and what was told already."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from matrix.witness.base import PASSING, ROWS
from matrix.witness.findings import Residue
from matrix.witness.observing import Observation, Rows, find_differences


@dataclass
class Reference:
    """A database as it should be (`clean`), as it was seen last, and what earlier tests are known to have left."""

    clean: Observation
    last: Observation
    origin: dict[str, Rows] = field(default_factory=dict)
    left_rows: dict[str, Counter[str]] = field(default_factory=dict)
    left_objects: set[str] = field(default_factory=set)
    left_held: set[tuple[str, int | None]] = field(default_factory=set)

    def compare(self, now: Observation) -> list[Residue]:
        """Return what is residue now; what an earlier test left and somebody has cleared since is none."""
        rows = dict(self.clean.rows)
        for table, texts in now.rows.items():
            if table in rows and (same(texts, self.origin.get(table)) or self._only_lost_leftovers(table, texts)):
                rows[table] = texts
        found = find_differences(replace(self.clean, rows=rows), now)
        return [residue for residue in found if not (residue.kind.endswith("_dropped") and residue.object in self.left_objects)]

    def _only_lost_leftovers(self, table: str, now: Rows) -> bool:
        left = self.left_rows.get(table)
        if not left:
            return False
        before, after = count(self.clean.rows[table]), count(now)
        return not after - before and not (before - after) - left

    def accept(self, now: Observation, residue: list[Residue]) -> None:
        """Take what was left into what is compared with: it is told once."""
        for found in residue:
            if found.kind in ROWS and found.object in now.rows:
                before, after = count(self.clean.rows.get(found.object, [])), count(now.rows[found.object])
                self.left_rows.setdefault(found.object, Counter()).update(after - before)
                self.origin.setdefault(found.object, self.clean.rows.get(found.object, []))
            elif found.kind in PASSING:
                self.left_held.add((found.kind, found.backend))
            elif found.kind.endswith(("_created", "_added")) or found.kind == "temp_table":
                self.left_objects.add(found.object)
        self.clean = self.last = now


def merge(clean: Observation, last: Observation, now: Observation) -> Observation:
    """Return `clean` with what changed between `last` and `now`: what wider fixtures made belongs to the reference."""
    rows = {t: clean.rows[t] if t in clean.rows and t in last.rows and same(texts, last.rows[t]) else texts for t, texts in now.rows.items()}
    gone = {h.identity for h in last.holdings} - {h.identity for h in clean.holdings}
    holdings = [h for h in now.holdings if h.identity not in gone]
    new = {key for key in last.objects if key not in clean.objects}
    objects = {key: thing for key, thing in now.objects.items() if key not in new}
    return replace(now, rows=rows, holdings=holdings, objects=objects)


def still_there(residue: Residue, clean: Observation, last: Observation, now: Observation) -> bool:
    """Whether what was left at the last look is there now, in part or whole, whatever else came since."""
    if residue.kind not in ROWS:
        return any(found.kind == residue.kind and found.object == residue.object and found.backend == residue.backend for found in find_differences(clean, now))
    table = residue.object
    before, left, seen = (count(look.rows.get(table, [])) for look in (clean, last, now))
    if residue.kind == "rows_removed":
        return bool((before - left) - seen)
    return bool((left - before) & seen)


def same(rows: Rows, others: Rows | None) -> bool:
    """Whether two looks at a table found the same contents."""
    return others is not None and (rows == others or (len(rows) == len(others) and count(rows) == count(others)))


def count(rows: Rows) -> Counter[str]:
    """Return how often each content occurs."""
    return Counter(text for _, text in rows)


__all__ = ["PASSING", "Reference", "merge", "same", "still_there"]
