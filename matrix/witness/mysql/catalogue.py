"""The schema objects of a MySQL or MariaDB database, read from the server's own SHOW CREATE."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pymysql.cursors import Cursor

from matrix.witness.mysql.connecting import ask, quote
from matrix.witness.observing import Catalogue, SchemaObject

# The same answer twice is a sure sign that no schema of this server changed in between.
# MySQL keeps every schema object, views and routines too, as rows of its system tables and counts
# what it writes there. MariaDB keeps files, but counts each statement before it runs it.
SYSTEM_ROWS = "'Innodb_system_rows_inserted', 'Innodb_system_rows_updated', 'Innodb_system_rows_deleted'"
FINGERPRINTS = {
    "mysql": f"select sum(variable_value) from performance_schema.global_status where variable_name in ({SYSTEM_ROWS})",
    "mariadb": """select sum(variable_value) from information_schema.global_status where
 variable_name regexp '^Com_(alter|create|drop|rename|import|install|uninstall)'""",
}
_NAME = re.compile(r"`((?:[^`]|``)*)`")
_COUNTER = re.compile(r" AUTO_INCREMENT=(\d+)")
_DEFINER = re.compile(r"DEFINER=`[^`]*`@`[^`]*` ")
_KEYS = ("PRIMARY KEY", "UNIQUE KEY", "KEY ", "FULLTEXT KEY", "SPATIAL KEY", "VECTOR KEY", "PERIOD")
_DROPS = {
    "table": "drop table if exists {}",
    "view": "drop view if exists {}",
    "sequence": "drop sequence if exists {}",
    "trigger": "drop trigger if exists {}",
    "procedure": "drop procedure if exists {}",
    "function": "drop function if exists {}",
    "event": "drop event if exists {}",
}


def read_catalogue(cursor: Cursor) -> Catalogue:
    """Every schema object of the connected database by (kind, name)."""
    tables, triggers, procedures, functions, events = ask(
        cursor,
        "show full tables",
        "show triggers",
        "show procedure status where db = database()",
        "show function status where db = database() and type = 'FUNCTION'",
        "select event_name from information_schema.events where event_schema = database()",
    )
    named = [(_KINDS.get(kind, "table"), name) for name, kind in tables]
    named += [("procedure", row[1]) for row in procedures]
    named += [("function", row[1]) for row in functions]
    named += [("event", row[0]) for row in events]
    objects = [thing for pair in zip(named, _show_create(cursor, named), strict=True) for thing in _read(*pair)]
    objects += [_read_trigger(row) for row in triggers]
    return {(thing.kind, thing.name): thing for thing in objects}


_KINDS = {"VIEW": "view", "SEQUENCE": "sequence"}


def _show_create(cursor: Cursor, named: list[tuple[str, str]]) -> list[str]:
    if not named:
        return []
    answers = ask(cursor, *(f"show create {kind} {quote(name)}" for kind, name in named))
    # The text is the second column, after the name, or the third, after the sql_mode.
    places = {"procedure": 2, "function": 2, "event": 3}
    return [rows[0][places.get(kind, 1)] or "" for (kind, _), rows in zip(named, answers, strict=True)]


def _read(named: tuple[str, str], text: str) -> Iterator[SchemaObject]:
    kind, name = named
    drop = _DROPS[kind].format(quote(name))
    text = _DEFINER.sub("", text)
    if kind in ("procedure", "function", "event"):
        yield SchemaObject("routine", name, None, f"{kind}: {text}", drop)
    elif kind == "table":
        yield from _read_table(name, text, drop)
    else:
        yield SchemaObject(kind, name, None, text, drop)


def _read_table(name: str, text: str, drop: str) -> Iterator[SchemaObject]:
    """One line of SHOW CREATE TABLE is one column, index or constraint."""
    _, *lines = text.split("\n")
    options = [line for line in lines if not line.startswith("  ")]
    yield SchemaObject("table", name, None, _COUNTER.sub("", " ".join(options))[2:] or "table", drop)
    for line in lines[: len(lines) - len(options)]:
        yield _read_line(name, line.strip().removesuffix(","))


def _read_line(table: str, line: str) -> SchemaObject:
    if name := _NAME.match(line):
        label = name.group(1)
        return SchemaObject("column", f"{table}.{label}", table, line[name.end() :].strip(), "")
    found = _NAME.search(line)
    label = "PRIMARY" if line.startswith("PRIMARY") else (found.group(1) if found else line)
    alter = f"alter table {quote(table)} drop"
    if line.startswith("CONSTRAINT"):
        word = "foreign key" if "FOREIGN KEY" in line else "constraint"
        return SchemaObject("constraint", f"{table}.{label}", table, line, f"{alter} {word} {quote(label)}")
    if line.startswith("PRIMARY"):
        return SchemaObject("constraint", f"{table}.PRIMARY", table, line, f"{alter} primary key")
    return SchemaObject("index", f"{table}.{label}", table, line, f"{alter} index {quote(label)}")


def _read_trigger(row: tuple[Any, ...]) -> SchemaObject:
    name, event, table, statement, timing = row[:5]
    drop = _DROPS["trigger"].format(quote(name))
    return SchemaObject("trigger", f"{table}.{name}", table, f"{timing} {event}: {statement}", drop)


def read_counter(text: str) -> str:
    """The next AUTO_INCREMENT value in a SHOW CREATE TABLE; one that never moved is not shown."""
    found = _COUNTER.search(text)
    return found.group(1) if found else "1"
