"""What a database looks like at one moment, and how two moments differ. Pure: no server needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from matrix.witness.findings import Residue

CREATED = {"column": "column_added", "constraint": "constraint_added", "temp_table": "temp_table"}
DROPPED = {"column": "column_dropped", "constraint": "constraint_dropped"}
#: How many differing rows of one table are spelled out; the count is always exact.
SHOWN = 3


@dataclass(frozen=True)
class SchemaObject:
    """A schema object: `parent` is the table it belongs to, `drop` the statement that removes it."""

    kind: str
    name: str
    parent: str | None
    definition: str
    drop: str = field(compare=False)


@dataclass(frozen=True)
class Holding:
    """Something a backend (or nobody, when prepared) holds: a transaction, a lock, a database."""

    kind: str
    object: str
    detail: str
    backend: int | None = None
    #: Tells this holding from a later one of the same backend on the same object.
    mark: str = ""
    #: Too weak to blame a transaction that was open at the baseline already.
    weak: bool = False

    @property
    def identity(self) -> tuple[Any, ...]:
        return self.kind, self.object, self.backend, self.mark


Catalogue = dict[tuple[str, str], SchemaObject]
#: One table's rows: (key, content); the key is None for tables without a primary key.
Rows = list[tuple[str | None, str]]


@dataclass
class Observation:
    """All that the witness compares. A recorded one is a baseline."""

    fingerprint: object
    objects: Catalogue
    rows: dict[str, Rows]
    counters: dict[str, str]
    holdings: list[Holding]
    #: Rows beyond the cap that were counted, not read: table -> rows not read.
    unread: dict[str, int] = field(default_factory=dict)
    #: Tables whose rows somebody's lock kept from being read.
    covered: frozenset[str] = frozenset()
    #: Backends on which a wider fixture has begun a transaction that no statement has opened on the server yet.
    begun: frozenset[int] = frozenset()

    def with_begun(self, backends: Collection[int]) -> Observation:
        """Return the observation with more backends on which a wider fixture has begun a transaction."""
        return replace(self, begun=self.begun | set(backends)) if backends else self

    def list_carriers(self) -> set[int]:
        """Backends with a transaction that was there before the test and is there after it by design."""
        return {held.backend for held in self.holdings if held.kind == "open_transaction" and held.backend} | self.begun


def find_differences(before: Observation, now: Observation) -> list[Residue]:
    """Everything in `now` that is residue against `before`; [] when clean."""
    residue = compare_holdings(before.holdings, now.holdings, before.begun)
    if now.objects is not before.objects:
        residue += compare_objects(before.objects, now.objects)
    if now.rows != before.rows or now.unread:
        residue += compare_rows(before, now)
    if now.covered and not residue:
        # Whoever covers a table is seen to hold a lock; were he not, clean would be a guess.
        residue = [Residue("lock_held", table, "its rows cannot be read") for table in sorted(now.covered)]
    return residue


def compare_holdings(before: list[Holding], now: list[Holding], begun: Collection[int] = ()) -> list[Residue]:
    """begun: backends on which a wider fixture had begun a transaction, whether or not the server had heard of it yet."""
    if now == before:
        return []
    known = {holding.identity for holding in before}
    in_transaction = {holding.backend for holding in before if holding.kind == "open_transaction"}
    found: Counter[Residue] = Counter()
    for holding in now:
        opened = holding.kind == "open_transaction" and holding.backend in begun and holding.backend not in in_transaction
        excused = opened or (holding.weak and (holding.backend in in_transaction or holding.backend in begun))
        if holding.identity not in known and not excused:
            found[Residue(holding.kind, holding.object, holding.detail, backend=holding.backend)] += 1
    databases = {h.object for h in now if h.kind == "database_created"}
    gone = [h for h in before if h.kind == "database_created" and h.object not in databases]
    lost = [Residue("database_dropped", h.object, "existed at the baseline") for h in gone]
    return [_count(residue, count) for residue, count in found.items()] + lost


def _count(residue: Residue, count: int) -> Residue:
    return Residue(residue.kind, residue.object, residue.detail, count, residue.backend)


def compare_objects(before: Catalogue, now: Catalogue) -> list[Residue]:
    residue = []
    for key in _top_level(now.keys() - before.keys(), now):
        residue.append(_say_created(now[key]))
    for key in _top_level(before.keys() - now.keys(), before):
        if key[0] != "temp_table":
            residue.append(_say_dropped(before[key]))
    for key in sorted(before.keys() & now.keys()):
        if before[key] != now[key]:
            residue += _say_changed(before[key], now[key])
    return residue + list(_compare_column_order(before, now))


def _top_level(keys: Iterable[tuple[str, str]], catalogue: Catalogue) -> list[tuple[str, str]]:
    """Leave out what came or went with its own table: one cause, one line."""
    keys = set(keys)
    return sorted(key for key in keys if ("table", catalogue[key].parent) not in keys)


def _say_created(thing: SchemaObject) -> Residue:
    kind = CREATED.get(thing.kind, f"{thing.kind}_created")
    return Residue(kind, thing.name, thing.definition)


def _say_dropped(thing: SchemaObject) -> Residue:
    kind = DROPPED.get(thing.kind, f"{thing.kind}_dropped")
    return Residue(kind, thing.name, thing.definition)


def _say_changed(old: SchemaObject, new: SchemaObject) -> list[Residue]:
    if old.kind in ("column", "table"):
        return [Residue("column_changed", old.name, f"{old.definition} -> {new.definition}")]
    return [_say_dropped(old), _say_created(new)]


def _compare_column_order(before: Catalogue, now: Catalogue) -> Iterator[Residue]:
    old, new = _list_columns(before), _list_columns(now)
    for table in sorted(old.keys() & new.keys()):
        same_names = sorted(old[table]) == sorted(new[table])
        if same_names and old[table] != new[table]:
            detail = f"order {', '.join(old[table])} -> {', '.join(new[table])}"
            yield Residue("column_changed", table, detail)


def _list_columns(catalogue: Catalogue) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for thing in catalogue.values():
        if thing.kind == "column":
            columns.setdefault(thing.parent or "", []).append(thing.name)
    return columns


def compare_rows(before: Observation, now: Observation) -> list[Residue]:
    residue = []
    for table in sorted(before.rows.keys() & now.rows.keys()):
        old, new, unread = before.rows[table], now.rows[table], now.unread.get(table, 0)
        if old == new and not unread:
            continue
        if _describe_columns(before.objects, table) == _describe_columns(now.objects, table):
            residue += _compare_table(table, old, new, unread)
        else:
            residue += _compare_counts(table, len(old), len(new) + unread)
    return residue


def _describe_columns(catalogue: Catalogue, table: str) -> list[SchemaObject]:
    return [t for t in catalogue.values() if t.kind == "column" and t.parent == table]


def _compare_counts(table: str, before: int, now: int) -> list[Residue]:
    """With other columns every row reads differently: only their number can be compared."""
    if before == now:
        return []
    kind = "rows_added" if now > before else "rows_removed"
    return [Residue(kind, table, "in a table whose columns changed", abs(now - before))]


def _compare_table(table: str, before: Rows, now: Rows, unread: int) -> list[Residue]:
    """By content; the key only tells a changed row from a removed and an added one."""
    old, new = Counter(text for _, text in before), Counter(text for _, text in now)
    removed, added = _pick(before, old - new), _pick(now, new - old)
    keys = {key for key, _ in removed if key is not None} & {key for key, _ in added}
    groups = {
        "rows_changed": [text for key, text in added if key in keys],
        "rows_added": [text for key, text in added if key not in keys],
        "rows_removed": [text for key, text in removed if key not in keys],
    }
    counts = {kind: len(texts) for kind, texts in groups.items()}
    counts["rows_added"] += unread
    return [Residue(kind, table, _show(groups[kind], count), count) for kind, count in counts.items() if count]


def _pick(rows: Rows, wanted: Counter[str]) -> Rows:
    return [row for row in rows if wanted[row[1]] > 0 and not wanted.subtract([row[1]])]


def _show(texts: list[str], count: int) -> str:
    shown = ", ".join(text if len(text) <= 200 else text[:200] + "..." for text in texts[:SHOWN])
    return shown if count <= SHOWN else f"{shown}, and {count - SHOWN} more"


def find_drift(before: Observation, now: Observation) -> list[Residue]:
    """Sequences and AUTO_INCREMENT counters that moved: not residue, told apart."""
    if now.counters == before.counters:
        return []
    return [
        Residue("sequence_drift", name, f"{before.counters[name]} -> {now.counters[name]}")
        for name in sorted(before.counters.keys() & now.counters.keys())
        if before.counters[name] != now.counters[name]
    ]
