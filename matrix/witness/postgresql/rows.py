"""The contents of all tables of a PostgreSQL database, and putting them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Cursor, errors

from matrix.witness.observing import Observation, Rows

#: Rows read per table beyond the longest baseline table; the rest is counted, not read.
CAP = 1000

_TABLES = """
select case n.nspname when 'public' then '' else n.nspname || '.' end || relname,
       format('%I.%I', n.nspname, relname), relkind,
       (select array_agg(format('%I', attname) order by attnum) from pg_attribute
         where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''),
       (select array_agg(format('x.%I', attname) order by array_position(indkey::int2[], attnum))
          from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
         where indrelid = c.oid and indisprimary)
  from pg_class c join pg_namespace n on n.oid = relnamespace
 where c.oid >= 16384 and n.nspname !~ '^pg_' and relkind in ('r', 'm', 'S') order by c.oid
"""


@dataclass(frozen=True)
class Table:
    """A table, a materialized view ('m') or a sequence ('S'), with its quoted names."""

    name: str
    path: str
    relkind: str
    columns: list[str] | None
    key: list[str] | None

    def select(self, place: int) -> str:
        """The query for this table's (place, key, content); takes the parameter `limit`."""
        if self.relkind == "S":
            query = f"select {place}, null::text, last_value || ':' || is_called from {self.path}"
        else:
            query = f"(select {place}, {self.pair} from only {self.path} x limit %(limit)s)"
        return query.replace("%", "%%").replace("%%(limit)s", "%(limit)s")

    @property
    def pair(self) -> str:
        """A row's key and its content, exact enough to be cast back into the row."""
        return (f"row({', '.join(self.key)})::text" if self.key else "null::text") + ", x::text"


class Contents:
    """Reads the rows of all tables that one state of the catalogue knows, in one round trip."""

    def __init__(self, cursor: Cursor) -> None:
        self.tables = [Table(*row) for row in cursor.execute(_TABLES).fetchall()]
        branches = [table.select(place) for place, table in enumerate(self.tables)]
        self._query = " union all ".join(branches)
        self._raw: list[tuple[Any, ...]] | None = None
        #: Tables whose rows the last read could not have.
        self.covered: frozenset[str] = frozenset()
        self._read: tuple[dict[str, Rows], dict[str, str]] = ({}, {})

    def read(self, cursor: Cursor, limit: int | None) -> tuple[dict[str, Rows], dict[str, str]]:
        """Rows by table and values by sequence. The same answer is the same two objects."""
        if not self.tables:
            return self._read
        raw = self._fetch(cursor, limit)
        if raw != self._raw:
            self._raw, self._read = raw, self._sort(raw)
        return self._read

    def _fetch(self, cursor: Cursor, limit: int | None) -> list[tuple[Any, ...]]:
        try:
            return cursor.execute(self._query, {"limit": limit}).fetchall()
        except errors.LockNotAvailable:
            # Some table is locked away: ask for each alone, so that only that one stays unknown.
            places = range(len(self.tables))
            return [row for place in places for row in self._fetch_one(cursor, place, limit)]

    def _fetch_one(self, cursor: Cursor, place: int, limit: int | None) -> list[tuple[Any, ...]]:
        try:
            query = self.tables[place].select(place)
            return cursor.execute(query, {"limit": limit}).fetchall()
        except errors.LockNotAvailable:
            return [(place, None, None)]

    def _sort(self, raw: list[tuple[Any, ...]]) -> tuple[dict[str, Rows], dict[str, str]]:
        rows: dict[str, Rows] = {t.name: [] for t in self.tables if t.relkind != "S"}
        self.covered = frozenset()
        counters: dict[str, str] = {}
        for place, key, content in raw:
            table = self.tables[place]
            if content is None:
                # Locked away by a live backend: its lock is residue, its rows are not known.
                rows.pop(table.name, None)
                self.covered |= {table.name}
            elif table.relkind == "S":
                counters[table.name] = content
            else:
                rows[table.name].append((key, content))
        return rows, counters


def read_capped(cursor: Cursor, contents: Contents, baseline: Rows, name: str) -> tuple[Rows, int]:
    """For a table with more rows than the cap: the baseline's rows that are still there, some
    others, and how many were not read."""
    table = next(table for table in contents.tables if table.name == name)
    known = [text for _, text in baseline]
    path = table.path.replace("%", "%%")
    select = f"select {table.pair.replace('%', '%%')} from only {path} x where x::text"
    seen = cursor.execute(f"{select} = any(%s)", [known]).fetchall()
    seen += cursor.execute(f"{select} <> all(%s) limit %s", [known, CAP]).fetchall()
    total = cursor.execute(f"select count(*) from only {table.path}").fetchall()[0][0]
    return seen, total - len(seen)


def restore_rows(cursor: Cursor, contents: Contents, baseline: Observation, names: list[str]) -> None:
    """Empty and refill tables, in baseline order, past triggers and foreign keys."""
    wanted = [table for table in contents.tables if table.name in set(names)]
    for table in (t for t in wanted if t.relkind == "r"):
        cursor.execute(f"delete from only {table.path}")
        rows = [text for _, text in baseline.rows.get(table.name, ())]
        if rows:
            cursor.execute(_write_insert(table), [rows])
    for table in (t for t in wanted if t.relkind == "m"):
        cursor.execute(f"refresh materialized view {table.path}")


def _write_insert(table: Table) -> str:
    columns = ", ".join(table.columns or ())
    values = ", ".join(f"(v::{table.path}).{column}" for column in table.columns or ())
    insert = f"insert into {table.path} ({columns}) overriding system value select {values}"
    return insert.replace("%", "%%") + " from unnest(%s::text[]) v"
