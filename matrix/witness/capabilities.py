"""What a server can do, found out by doing it through the stack's own account.

A case or a recipe names the capability that it needs, never a product: MariaDB has sequences and
MySQL has none, and whether a server notices a lost update depends on its version and settings.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import psycopg
import pymysql

Connection = psycopg.Connection | pymysql.Connection
REFUSALS = (psycopg.Error, pymysql.Error)

#: Capability -> statements that succeed, one after the other, where the server has it.
#: Names beginning with probe_ are gone afterwards: build_schema() drops everything.
PROBES = {
    "advisory_transaction_locks": ["select pg_advisory_xact_lock(1)"],
    "autocommit_variable": ["set @@session.autocommit = 1"],
    "deferred_constraints": ["create temporary table probe_deferred (one int unique deferrable)"],
    "procedures_commit_for_caller": [
        "create procedure probe_procedure() commit", "begin", "call probe_procedure()", "commit",
        "drop procedure probe_procedure",
    ],
    "sequences": ["create sequence probe_sequence", "drop sequence probe_sequence"],
    "skip_locked": [
        "create temporary table probe_locked (one int)",
        "select one from probe_locked for update nowait",
        "select one from probe_locked for update skip locked",
    ],
    "sql_cursors": ["begin", "declare probe_cursor cursor for select 1", "fetch 1 from probe_cursor", "commit"],
    "table_locks": ["unlock tables"],
    "temporary_tables_dropped_at_commit": ["create temporary table probe_dropped (one int) on commit drop"],
    "transaction_clock": ["select transaction_timestamp()"],
    "transaction_ids": ["select txid_current()"],
    "transaction_settings": ["begin", "select set_config('statement_timeout', '1s', true)", "commit"],
    "user_variables": ["set @probe_variable = 1"],
    "vacuum": ["vacuum pg_class"],
}  # fmt: skip


def probe_capabilities(open_connection: Callable[[], Connection]) -> dict[str, bool]:
    """Return what the server can do, by name.

    open_connection: function that opens a connection (autocommit) to an empty database as the stack.
    """
    with closing(open_connection()) as first, closing(open_connection()) as second:
        found = {name: can_say(first, *statements) for name, statements in PROBES.items()}
        found["errors_undo_statement_only"] = survives_error(first)
        found["lost_updates_refused"] = refuses_lost_update(first, second)
    return found


def can_say(connection: Connection, *statements: str) -> bool:
    """Whether the server takes all of the statements; a transaction that they leave open is rolled back."""
    with connection.cursor() as cursor:
        try:
            for statement in statements:
                cursor.execute(statement)
        except REFUSALS:
            cursor.execute("rollback")
            return False
        return True


def survives_error(connection: Connection) -> bool:
    """Whether a transaction can go on after a statement of it was refused."""
    with connection.cursor() as cursor:
        cursor.execute("begin")
        try:
            cursor.execute("select one from probe_missing")
        except REFUSALS:
            return can_say(connection, "select 1", "commit")
    return False


def refuses_lost_update(first: Connection, second: Connection) -> bool:
    """Whether REPEATABLE READ refuses to change a row that another transaction has changed meanwhile."""
    can_say(first, "create table probe_conflict (one int)", "insert into probe_conflict values (1)")
    # MySQL refuses SET TRANSACTION inside a transaction, and REPEATABLE READ is its default.
    first.cursor().execute("begin")
    level = "set transaction isolation level repeatable read"
    if not can_say(first, level):
        can_say(first, "begin")
    can_say(first, "select one from probe_conflict")
    can_say(second, "update probe_conflict set one = 2")
    accepted = can_say(first, "update probe_conflict set one = 3", "commit")
    can_say(first, "drop table probe_conflict")
    return not accepted
