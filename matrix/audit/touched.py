"""MySQL's sign: which tables anybody has written to since the last look, and whether their contents are as before.

performance_schema counts every write to a table at once, rolled-back ones too, so what it did not count was surely not
written. What InnoDB changes by itself, below the counting, are the children of foreign keys: they are added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pymysql.cursors import Cursor

from matrix.witness.mysql.activity import Held
from matrix.witness.mysql.catalogue import SYSTEM_ROWS
from matrix.witness.mysql.connecting import ask, quote
from matrix.witness.observing import Catalogue, Holding

# One value, and not a row for each table: what reads it is the slower part.
_WRITES = """select json_objectagg(object_name, count_insert + count_update + count_delete) from performance_schema.table_io_waits_summary_by_table
 where object_type = 'TABLE' and object_schema = {database}"""
# Whoever has a transaction open, or the server has forgotten to count for: then no table is surely untouched.
_OPEN = """select count(*) from performance_schema.events_transactions_current where state = 'ACTIVE'
 and thread_id <> (select thread_id from performance_schema.threads where processlist_id = connection_id())"""
# What was lost, and the witness's own fingerprint of the schema: the server adds up all that it knows for each such question.
_STATUS = f"""select sum(if(variable_name in ({SYSTEM_ROWS}), variable_value, 0)), sum(if(variable_name in ({SYSTEM_ROWS}), 0, variable_value))
 from performance_schema.global_status where variable_name in ({SYSTEM_ROWS}, 'Performance_schema_table_instances_lost',
 'Performance_schema_table_handles_lost', 'Performance_schema_thread_instances_lost')"""
_INSTRUMENTS = """select
 (select count(*) from performance_schema.setup_instruments where name in ('wait/io/table/sql/handler', 'transaction', 'wait/lock/metadata/sql/mdl')
   and enabled = 'YES') = 3
 and (select count(*) from performance_schema.setup_consumers where name in ('global_instrumentation', 'thread_instrumentation',
   'events_transactions_current') and enabled = 'YES') = 3
 and not exists (select 1 from performance_schema.setup_objects where enabled = 'NO'
   and object_schema not in ('mysql', 'performance_schema', 'information_schema'))"""
_PARENT = re.compile(r"REFERENCES (`(?:[^`]|``)+`\.)?`((?:[^`]|``)+)`")


@dataclass
class Sign:
    """Writes counted by table, which tables are open to doubt until nobody's transaction is open, and each table's checksum."""

    fingerprint: tuple[Any, ...]
    held: Held
    prepared: list[Holding]
    writes: dict[str, int]
    unsure: bool
    lost: Any
    doubtful: frozenset[str] = frozenset()
    sums: dict[str, Any] = field(default_factory=dict)


class WrittenTables:
    """Asks one database which of its tables were written to."""

    def __init__(self, cursor: Cursor, database: str) -> None:
        cursor.execute(_INSTRUMENTS)
        #: Whether the server counts everything that the sign needs.
        self.counts = cursor.fetchall() == ((1,),)
        self.queries = [_STATUS, _WRITES.format(database=cursor.mogrify("%s", [database])), _OPEN]


def find_doubtful(before: Sign, sign: Sign, catalogue: Catalogue) -> frozenset[str] | None:
    """Return the tables that may have changed since the sign before; None when it may be any."""
    if sign.lost != before.lost:
        return None
    names = sign.writes.keys() | before.writes.keys()
    written = {name for name in names if sign.writes.get(name) != before.writes.get(name)}
    # what somebody wrote before the last look and had not yet committed may have been committed since
    return frozenset(add_children(written | before.doubtful, catalogue) | list_uncounted(catalogue))


def add_children(tables: Iterable[str], catalogue: Catalogue) -> set[str]:
    """Return the tables with all whose foreign keys lead to them, over any number of steps."""
    found, parents = set(tables), list_parents(catalogue)
    while more := {child for child, parent in parents if parent in found} - found:
        found |= more
    return found


def list_parents(catalogue: Catalogue) -> set[tuple[str, str]]:
    """Return each pair of a table and one that a foreign key of it refers to."""
    pairs = set()
    for thing in catalogue.values():
        found = _PARENT.search(thing.definition) if thing.kind == "constraint" and thing.parent else None
        if found and thing.parent:
            pairs.add((thing.parent, found[2].replace("``", "`")))
    return pairs


def list_uncounted(catalogue: Catalogue) -> set[str]:
    """Return the tables that can change without a write to them being counted: other engines, and parents elsewhere."""
    other = {thing.name for thing in catalogue.values() if thing.kind == "table" and "ENGINE=InnoDB" not in thing.definition}
    elsewhere = {t.parent for t in catalogue.values() if t.kind == "constraint" and t.parent and (m := _PARENT.search(t.definition)) and m[1]}
    return other | add_children(elsewhere, catalogue)


def read_checksums(cursor: Cursor, names: Iterable[str]) -> dict[str, Any]:
    """Return the server's own sum over the contents of each table."""
    wanted = sorted(names)
    if not wanted:
        return {}
    [answer] = ask(cursor, f"checksum table {', '.join(map(quote, wanted))}")
    return {name: row[1] for name, row in zip(wanted, answer, strict=True)}
