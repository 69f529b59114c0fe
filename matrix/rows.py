"""Rows of stacks.toml and databases.toml, read and checked.

Standard library only: the noxfile imports this module before any environment exists.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATABASES = Path(__file__).with_name("databases.toml")
STACKS = Path(__file__).with_name("stacks.toml")
LINES = ("1.3", "1.4", "2.0", "2.1")
DEFAULT_PYTHON = "3.11"
TITLES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
KINDS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


class RowError(ValueError):
    """A row that cannot be used; the text names file, row, field and what is expected."""


@dataclass(frozen=True)
class Database:
    """One server product in one major version: a row of databases.toml."""

    id: str
    product: str
    major: str
    image: str
    embedded: Mapping[str, Any] = field(hash=False)

    @property
    def kind(self) -> str:
        """Whose SQL it speaks, "postgresql" or "mysql": MariaDB is of MySQL's kind."""
        return KINDS[self.product]

    @property
    def title(self) -> str:
        """Product and major version as people write them: "PostgreSQL 18"."""
        return f"{TITLES[self.product]} {self.major}"

    @property
    def environment(self) -> str:
        """Name of the environment variable in which a user gives the URL of such a server."""
        return f"MATRIX_{self.id.upper()}_URL"


@dataclass(frozen=True)
class Stack:
    """One pinned environment with one database server: a row of stacks.toml."""

    id: str
    line: str
    mode: str
    python: str
    dialect: str
    driver: str
    asynchronous: bool
    database: Database
    query: Mapping[str, str] = field(hash=False)
    requirements: tuple[str, ...]
    promised: bool = True

    @property
    def summary(self) -> str:
        """One line for people: what is pinned together here."""
        mode = f" {self.mode}" if self.line == "1.4" else ""
        way = " (asynchronous)" if self.asynchronous else ""
        return f"SQLAlchemy {self.line}{mode}, {self.driver}{way}, {self.database.title}, Python {self.python}"


def load_databases(path: Path = DATABASES) -> dict[str, Database]:
    """Return the rows of databases.toml by id, in the order of the file.

    Raises RowError for a file that is missing, malformed or inconsistent.
    """
    rows = _Rows(path, "database")
    databases = {}
    for row in rows:
        product = row.take("product", str, choices=KINDS)
        databases[row.id] = Database(
            id=row.id,
            product=product,
            major=row.take("major", str),
            image=row.take("image", str),
            embedded=row.take("embedded", dict, {}),
        )
        row.finish()
    return databases


def load_stacks(path: Path = STACKS, databases: Mapping[str, Database] | None = None) -> dict[str, Stack]:
    """Return the rows of stacks.toml by id, in the order of the file.

    A row is completed from the tables of its line and its driver in the same file.
    Raises RowError for a file that is missing, malformed or inconsistent.
    """
    databases = load_databases() if databases is None else databases
    rows = _Rows(path, "stack")
    return {row.id: _build_stack(row, rows, databases) for row in rows}


def _build_stack(row: _Row, rows: _Rows, databases: Mapping[str, Database]) -> Stack:
    line = row.take("line", str, choices=LINES)
    name = row.take("driver", str, choices=rows.tables("driver"))
    driver = _Row(rows.path, "driver", name, rows.tables("driver")[name])
    database = databases[row.take("database", str, choices=databases)]
    modes = {"1.3": ("legacy",), "1.4": ("legacy", "future")}.get(line, ("future",))
    stack = Stack(
        id=row.id,
        line=line,
        mode=row.take("mode", str, modes[0] if len(modes) == 1 else None, choices=modes),
        python=row.take("python", str, DEFAULT_PYTHON),
        dialect=driver.take("dialect", str),
        driver=driver.take("distribution", str),
        asynchronous=driver.take("asynchronous", bool, False),
        database=database,
        query=driver.take("query", dict, {}) | row.take("query", dict, {}),
        requirements=_join_requirements(row, driver, rows.tables("line"), line),
        promised=row.take("promised", bool, True),
    )
    row.finish()
    driver.finish()
    _check_names(row, stack, name)
    return stack


def _join_requirements(row: _Row, driver: _Row, lines: Mapping[str, Any], line: str) -> tuple[str, ...]:
    parts = [*lines.get(line, {}).get("requirements", []), *driver.take("requirements", list), *row.take("requirements", list, [])]
    if not all(isinstance(part, str) for part in parts):
        raise row.refuse("requirements", parts, "a list of texts")
    return tuple(dict.fromkeys(parts))


def _check_names(row: _Row, stack: Stack, driver: str) -> None:
    """The id is typed into commands and links, so it must say what the row says."""
    future = "f" if (stack.line, stack.mode) == ("1.4", "future") else ""
    start = f"sa{stack.line.replace('.', '')}{future}-{driver}-{stack.database.id}"
    if stack.python != DEFAULT_PYTHON:
        start += f"-py{stack.python.replace('.', '')}"
    if not re.fullmatch(re.escape(start) + r"(-[a-z0-9-]+)?", stack.id):
        raise row.refuse("id", stack.id, f"{start!r}, alone or followed by '-' and a word")
    if stack.dialect.partition("+")[0] != stack.database.kind:
        raise row.refuse("database", stack.database.id, f"one of the kind of {stack.dialect!r}")


class _Row:
    """One table of a TOML file, from which fields are taken until none is left."""

    def __init__(self, path: Path, kind: str, name: str, values: Any) -> None:
        self.path, self.kind, self.id = path, kind, name
        if not isinstance(values, dict):
            raise RowError(f"{path.name}, {kind} {name!r}: expected a table")
        self._left = dict(values)
        self._seen: list[str] = []

    def take(self, name: str, kind: type, default: Any = None, choices: Iterable[str] = ()) -> Any:
        """Remove and return one field; a field without default has to be there."""
        self._seen.append(name)
        value = self._left.pop(name, default)
        if value is None:
            raise RowError(f"{self.path.name}, {self.kind} {self.id!r}: field {name!r} is missing" + (f", expected one of {', '.join(choices)}" if choices else ""))
        if not isinstance(value, kind):
            raise self.refuse(name, value, f"a {kind.__name__}")
        if choices and value not in choices:
            raise self.refuse(name, value, "one of " + ", ".join(choices))
        return value

    def refuse(self, name: str, value: Any, expected: str) -> RowError:
        return RowError(f"{self.path.name}, {self.kind} {self.id!r}: field {name!r} is {value!r}, expected {expected}")

    def finish(self) -> None:
        """Refuse what nobody took: most often a field with a spelling mistake."""
        for name in self._left:
            near = difflib.get_close_matches(name, self._seen, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(self._seen)}"
            raise RowError(f"{self.path.name}, {self.kind} {self.id!r}: unknown field {name!r}{hint}")


class _Rows:
    """The rows and shared tables of one TOML file."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind = path, kind
        try:
            self._file = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RowError(f"{path}: cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RowError(f"{path.name}: is not valid TOML: {error}") from error

    def tables(self, kind: str) -> dict[str, Any]:
        return self._file.get(kind, {})

    def __iter__(self):
        listed = self._file.get(self.kind, [])
        if not isinstance(listed, list) or not listed:
            raise RowError(f"{self.path.name}: has no [[{self.kind}]] rows")
        seen: set[str] = set()
        for position, values in enumerate(listed, start=1):
            name = values.get("id")
            if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9_]+)*", name):
                raise RowError(f"{self.path.name}, {self.kind} number {position}: field 'id' is {name!r}, expected lower-case words joined by '-'")
            if name in seen:
                raise RowError(f"{self.path.name}, {self.kind} {name!r}: the id is used twice")
            seen.add(name)
            yield _Row(self.path, self.kind, name, {key: value for key, value in values.items() if key != "id"})
