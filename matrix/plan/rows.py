"""Rows of stacks.toml and databases.toml, read and checked.

Standard library only: the noxfile imports this module before any environment exists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matrix.plan.tables import Row, RowError, Rows

__all__ = ["Database", "RowError", "Stack", "load_databases", "load_stacks"]

DATABASES = Path(__file__).parents[1] / "databases.toml"
STACKS = Path(__file__).parents[1] / "stacks.toml"
LINES = ("1.3", "1.4", "2.0", "2.1")
DEFAULT_PYTHON = "3.11"
TITLES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
KINDS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


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
    source: tuple[str, ...] = ()
    """Packages that exist only as source for some Python and may be compiled on this machine."""
    families: tuple[str, ...] = ()
    """Families that the row is there for; none named means every family that its packages allow."""
    promised: bool = True
    core: bool = False
    """Whether `nox -s matrix` runs it by itself: the core covers every line, product, kind and framework."""
    password_rounds: int = 1
    """How often PostgreSQL hashes the stack's password: a guard against guessing, paid for by every connection."""

    @property
    def summary(self) -> str:
        """One line for people: what is pinned together here."""
        way = " (asynchronous)" if self.asynchronous else ""
        return f"SQLAlchemy {name_line(self.line, self.mode)}, {self.driver}{way}, {self.database.title}, Python {self.python}"


def name_line(line: str, mode: str | None) -> str:
    """Return a SQLAlchemy line, with the mode where that makes a difference: "1.4 future", "2.0"."""
    return f"{line} {mode}" if line == "1.4" and mode else line


def load_databases(path: Path = DATABASES) -> dict[str, Database]:
    """Return the rows of databases.toml by id, in the order of the file.

    Raises RowError for a file that is missing, malformed or inconsistent.
    """
    rows = Rows(path, "database")
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
    rows = Rows(path, "stack")
    return {row.id: _build_stack(row, rows, databases) for row in rows}


def _build_stack(row: Row, rows: Rows, databases: Mapping[str, Database]) -> Stack:
    line = row.take("line", str, choices=LINES)
    name = row.take("driver", str, choices=rows.tables("driver"))
    driver = Row(rows.path, "driver", name, rows.tables("driver")[name])
    shared = Row(rows.path, "line", line, rows.tables("line").get(line))
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
        requirements=_join_requirements(row, shared, driver),
        source=_join_texts("source", shared, driver, row),
        families=_join_texts("families", row),
        promised=row.take("promised", bool, True),
        core=row.take("core", bool, False),
        password_rounds=driver.take("password_rounds", int, 1),
    )
    for part in (row, driver, shared):
        part.finish()
    _check_names(row, stack, name)
    return stack


def _join_texts(name: str, *parts: Row) -> tuple[str, ...]:
    """Return what line, driver and row say together, each text once."""
    texts: list[str] = []
    for part in parts:
        values = part.take(name, list, [])
        if not all(isinstance(value, str) for value in values):
            raise part.refuse(name, values, "a list of texts")
        texts += values
    return tuple(dict.fromkeys(texts))


def _join_requirements(row: Row, *shared: Row) -> tuple[str, ...]:
    """Return what is required; a version that the row names replaces the one that line and driver name."""
    own = _join_texts("requirements", row)
    named = {_name_package(text) for text in own}
    rest = _join_texts("requirements", *shared)
    return tuple(dict.fromkeys([text for text in rest if text == _name_package(text) or _name_package(text) not in named] + list(own)))


def _name_package(requirement: str) -> str:
    """Return a requirement without its version: `SQLAlchemy[asyncio]` is not `SQLAlchemy==1.3.18`."""
    return re.split(r"[<>=!~;@ ]", requirement, maxsplit=1)[0]


def _check_names(row: Row, stack: Stack, driver: str) -> None:
    """The id is typed into commands and links, so it must say what the row says."""
    future = "f" if (stack.line, stack.mode) == ("1.4", "future") else ""
    start = f"sa{stack.line.replace('.', '')}{future}-{driver}-{stack.database.id}"
    if stack.python != DEFAULT_PYTHON:
        start += f"-py{stack.python.replace('.', '')}"
    if not re.fullmatch(re.escape(start) + r"(-[a-z0-9-]+)?", stack.id):
        raise row.refuse("id", stack.id, f"{start!r}, alone or followed by '-' and a word")
    if stack.dialect.partition("+")[0] != stack.database.kind:
        raise row.refuse("database", stack.database.id, f"one of the kind of {stack.dialect!r}")
