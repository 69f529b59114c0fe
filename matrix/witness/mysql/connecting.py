"""Connections and accounts on MySQL and MariaDB."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import Cursor

from matrix.servers.server import Server
from matrix.witness.findings import Account, WitnessError

#: MySQL's limit for user names; MariaDB allows more.
_LONGEST_USER = 32

# The witness writes rows back exactly as they were, never logs itself, and never waits long for
# a lock of a live child (a second is the least that MySQL knows).
_SETTINGS = [
    "set session sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
    "set session foreign_key_checks = 0, session lock_wait_timeout = 1",
    "set session innodb_lock_wait_timeout = 1, session sql_log_off = 1",
    "set session time_zone = '+00:00', session transaction_isolation = 'READ-COMMITTED'",
]


def connect(server: Server, database: str | None = None) -> pymysql.Connection:
    """An administrator's connection in autocommit. Raises WitnessError."""
    connection = _connect(server.host, server.port, server.user, server.password, database)
    cursor = connection.cursor()
    try:
        for setting in _SETTINGS:
            if server.database.product == "mariadb":
                setting = setting.replace("session transaction_isolation", "session tx_isolation")
            cursor.execute(setting)
    except pymysql.Error as error:
        raise WitnessError(f"user {server.user} may not do what the witness needs ({error.args[-1]}): give the URL of an administrator") from None
    return connection


def connect_as(account: Account) -> pymysql.Connection:
    """A connection as the stack itself, in autocommit."""
    return _connect(account.host, account.port, account.user, account.password, account.database)


def _connect(host: str, port: int, user: str, password: str, database: str | None) -> pymysql.Connection:
    try:
        return pymysql.connect(
            host=host, port=port, user=user, password=password, database=database,
            autocommit=True, charset="utf8mb4", ssl_disabled=True, connect_timeout=10,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )  # fmt: skip
    except pymysql.Error as error:
        raise WitnessError(f"the witness cannot connect to {host}:{port}: {error.args[-1]}") from None


def ask(cursor: Cursor, *queries: str) -> list[tuple[Any, ...]]:
    """The answers to several queries, one tuple of rows each, in one round trip."""
    cursor.execute("; ".join(queries))
    answers = [cursor.fetchall()]
    while cursor.nextset():
        answers.append(cursor.fetchall())
    return answers


def name_account(server: Server, name: str) -> Account:
    """A random password, and a user name that fits: the end of a long one becomes a digest."""
    user = name
    if len(user) > _LONGEST_USER:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        user = f"{name[: _LONGEST_USER - 9]}_{digest}"
    return Account(server.host, server.port, user, secrets.token_urlsafe(18), name)


def create_account(cursor: Cursor, account: Account) -> None:
    """Create user and database, in place of older ones of the same name."""
    drop_account(cursor, account)
    pattern = account.database.replace("_", r"\_")
    cursor.execute(f"create database {quote(account.database)}")
    cursor.execute("create user %s@'%%' identified by %s", [account.user, account.password])
    cursor.execute(f"grant all on `{pattern}%%`.* to %s@'%%'", [account.user])


def drop_account(cursor: Cursor, account: Account) -> None:
    """Drop user, databases and connections, if they exist."""
    cursor.execute("drop user if exists %s@'%%'", [account.user])
    cursor.execute("select id from information_schema.processlist where user = %s", [account.user])
    for (backend,) in cursor.fetchall():
        end_backend(cursor, "kill", backend)
    cursor.execute("xa recover")
    for xid in choose_prepared(cursor.fetchall(), account.database):
        cursor.execute(f"xa rollback {xid}")
    for database in list_databases(cursor, account.database):
        cursor.execute(f"drop database if exists {quote(database)}")


def choose_prepared(rows: Iterable[tuple[Any, ...]], name: str) -> list[str]:
    """Of the server's prepared transactions those whose ids carry the database's name."""
    chosen = []
    for form, size, _, data in rows:
        # MariaDB gives bytes. An id that is no plain text is not one that carries our name.
        text = data.decode("ascii", "replace") if isinstance(data, bytes) else data
        if name in text and "'" not in text:
            chosen.append(f"'{text[:size]}','{text[size:]}',{form}")
    return chosen


def list_databases(cursor: Cursor, name: str) -> list[str]:
    """The stack's own database and those whose names begin with its name."""
    cursor.execute("show databases like %s", [name.replace("_", r"\_") + "%"])
    return [row[0] for row in cursor.fetchall()]


def list_clients(cursor: Cursor, account: Account) -> dict[int, int]:
    """The account's connections with the TCP port of their client's end."""
    cursor.execute("select id, host from information_schema.processlist where user = %s", [account.user])
    return {backend: int(host.rpartition(":")[2]) for backend, host in cursor.fetchall() if ":" in host}


def end_backend(cursor: Cursor, how: str, backend: int) -> None:
    """`kill` a connection or `kill query`; one that is gone is no error."""
    try:
        cursor.execute(f"{how} {int(backend)}")
    except pymysql.Error as error:
        if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:
            raise


def quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
