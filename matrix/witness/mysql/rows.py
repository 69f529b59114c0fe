"""The contents of all tables of a MySQL or MariaDB database, and putting them back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymysql import err
from pymysql.cursors import Cursor

from matrix.witness.mysql.catalogue import read_counter
from matrix.witness.mysql.connecting import ask, quote
from matrix.witness.observing import Catalogue, Observation, Rows

#: Rows read per table beyond the longest baseline table; the rest is counted, not read.
CAP = 1000
#: Rows of one INSERT when a table is refilled.
_BATCH = 500
_BINARY = re.compile(r"(binary|varbinary|\w*blob|vector|geometry|\w*point|\w*polygon|\w*linestring|"
                     r"geom\w*)\b", re.IGNORECASE)  # fmt: skip
_KEY = re.compile(r"`((?:[^`]|``)*)`")
_LOCKED = {1205, 3024, 1969, 3572}


@dataclass(frozen=True)
class Table:
    """A table with its columns as written, the key's columns and what to read of each."""

    name: str
    path: str
    columns: dict[str, str]
    key: list[str]
    counts: bool

    @property
    def stored(self) -> list[str]:
        return [name for name, definition in self.columns.items() if " AS (" not in definition]

    @property
    def pair(self) -> str:
        """A row's key and its content; the content is the row's VALUES list, ready to insert."""
        key = _join(self.columns, self.key) if self.key else "null"
        return f"{key}, {_join(self.columns, self.stored)}"

    def select(self, place: int, limit: int | None) -> str:
        cut = "" if limit is None else f" limit {limit}"
        return f"(select {place}, {self.pair} from {self.path}{cut})"


def _join(columns: dict[str, str], names: list[str]) -> str:
    values = ", ".join(_write_value(name, columns[name]) for name in names)
    return f"concat_ws(',', {values})"


def _write_value(name: str, definition: str) -> str:
    column = quote(name)
    if definition.lower().startswith("bit("):
        return f"ifnull(convert({column} + 0 using utf8mb4), 'NULL')"
    if _BINARY.match(definition):
        return f"ifnull(convert(concat('X''', hex({column}), '''') using utf8mb4), 'NULL')"
    if definition.lower().startswith("float"):
        column = f"cast({column} as double)"
    return f"quote(convert({column} using utf8mb4))"


class Contents:
    """Reads the rows of all tables that one state of the catalogue knows."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.tables = [_describe(catalogue, name) for kind, name in catalogue if kind == "table"]
        self._sequences = [name for kind, name in catalogue if kind == "sequence"]
        self._asked: dict[tuple[int | None, frozenset[str]], tuple[list[Table], list[str], list[str]]] = {}

    def read(self, cursor: Cursor, limit: int | None, covered: frozenset[str]) -> tuple[dict[str, Rows], dict[str, str]]:
        """Rows by table and values by counter; tables in `covered` are left out."""
        if (limit, covered) not in self._asked:
            self._asked[limit, covered] = self._write_queries(limit, covered)
        tables, names, queries = self._asked[limit, covered]
        if not queries:
            return {}, {}
        answers = ask(cursor, *queries)
        rows: dict[str, Rows] = {table.name: [] for table in tables}
        for place, key, content in answers.pop(0) if tables else ():
            rows[tables[place].name].append((key, content))
        return rows, {name: read_counter(answer[0][1]) if len(answer[0]) > 1 else str(answer[0][0]) for name, answer in zip(names, answers, strict=True)}

    def _write_queries(self, limit: int | None, covered: frozenset[str]) -> tuple[list[Table], list[str], list[str]]:
        """The tables that are read, the counters by name, and the queries for all of them."""
        tables = [table for table in self.tables if table.name not in covered]
        selects = [table.select(place, limit) for place, table in enumerate(tables)]
        queries = [" union all ".join(selects)] if selects else []
        counting = [table for table in tables if table.counts]
        queries += [f"show create table {table.path}" for table in counting]
        queries += [f"select next_not_cached_value from {quote(s)}" for s in self._sequences]
        return tables, [table.name for table in counting] + self._sequences, queries

    def read_capped(self, cursor: Cursor, baseline: Rows, name: str) -> tuple[Rows, int]:
        """For a table with more rows than the cap: the baseline's rows that are still there,
        some others, and how many were not read."""
        table = next(table for table in self.tables if table.name == name)
        content = _join(table.columns, table.stored)
        known = {text for _, text in baseline}
        listed = ", ".join(cursor.mogrify("%s", [text]) for text in known) or "''"
        kept, others, counted = ask(
            cursor,
            f"select {table.pair} from {table.path} where {content} in ({listed})",
            f"select {table.pair} from {table.path} where {content} not in ({listed}) limit {CAP}",
            f"select count(*) from {table.path}",
        )
        return [*kept, *others], counted[0][0] - len(kept) - len(others)


def _describe(catalogue: Catalogue, name: str) -> Table:
    columns = {thing.name.removeprefix(f"{name}."): thing.definition for thing in catalogue.values() if thing.kind == "column" and thing.parent == name}
    primary = catalogue.get(("constraint", f"{name}.PRIMARY"))
    key = _KEY.findall(primary.definition) if primary else []
    counts = any("AUTO_INCREMENT" in definition for definition in columns.values())
    return Table(name, quote(name), columns, key, counts)


def restore_rows(cursor: Cursor, contents: Contents, baseline: Observation, names: list[str]) -> None:
    """Empty and refill tables, in baseline order, past foreign keys (triggers do run)."""
    for table in contents.tables:
        if table.name in names:
            cursor.execute(f"delete from {table.path}")
            rows = [text for _, text in baseline.rows.get(table.name, ())]
            columns = ", ".join(map(quote, table.stored))
            for start in range(0, len(rows), _BATCH):
                values = ", ".join(f"({text})" for text in rows[start : start + _BATCH])
                cursor.execute(f"insert into {table.path} ({columns}) values {values}")


def is_locked(error: err.Error) -> bool:
    """Whether a statement failed because somebody else's lock was in the way."""
    return bool(error.args) and error.args[0] in _LOCKED
