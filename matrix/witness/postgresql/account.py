"""The database and the ordinary role that a stack works with."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode

import psycopg
from psycopg import sql

from matrix.servers.server import Server
from matrix.witness.findings import Account, WitnessError

# Nothing the witness does may wait long for a lock of a live child; plans are made once.
_OPTIONS = "-c lock_timeout=100 -c plan_cache_mode=force_generic_plan -c jit=off"

_BACKENDS_IN = """select pg_terminate_backend(pid) from pg_stat_activity
 where datname = %s and pid <> pg_backend_pid()"""


def connect(server: Server, database: str) -> psycopg.Connection:
    """An administrator's connection in autocommit. Raises WitnessError."""
    return _connect(server.host, server.port, server.user, server.password, database)


def connect_as(account: Account) -> psycopg.Connection:
    """A connection as the stack itself, in autocommit."""
    return _connect(account.host, account.port, account.user, account.password, account.database)


def _connect(host: str, port: int, user: str, password: str, database: str) -> psycopg.Connection:
    try:
        return psycopg.connect(
            host=host, port=port, user=user, password=password, dbname=database, autocommit=True,
            prepare_threshold=0, options=_OPTIONS, connect_timeout=10,
            application_name="isolation-matrix witness",
        )  # fmt: skip
    except psycopg.Error as error:
        raise WitnessError(f"the witness cannot connect to database {database}: {error}") from None


def create_account(server: Server, account: Account, password_rounds: int) -> None:
    """Create role and database, in place of older ones of the same name."""
    with connect(server, "postgres") as admin:
        if not admin.execute("select current_setting('is_superuser')::bool").fetchall()[0][0]:
            raise WitnessError(
                f"role {server.user} is no superuser; the witness needs one to restore rows past triggers and foreign keys: give the URL of an administrator"
            )
        _drop_account(admin, server, account)
        role, password = sql.Identifier(account.user), sql.Literal(hash_password(account.password, password_rounds))
        admin.execute(sql.SQL("create role {} login createdb password {}").format(role, password))
        admin.execute(sql.SQL("create database {} owner {}").format(role, role))
    with connect(server, account.database) as inside:
        # Since PostgreSQL 15 the database's owner has this anyway.
        inside.execute(sql.SQL("grant all on schema public to {}").format(role))


def hash_password(password: str, rounds: int) -> str:
    """Return what PostgreSQL stores for SCRAM-SHA-256 (RFC 5802).

    The server never sees the password itself, so no log of its own can hold it. Rounds slow down
    those who guess passwords; 128 random bits are not guessed, and tests connect all the time.
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${rounds}:{parts[0]}${parts[1]}:{parts[2]}"


def drop_account(server: Server, account: Account) -> None:
    with connect(server, "postgres") as admin:
        _drop_account(admin, server, account)


def _drop_account(admin: psycopg.Connection, server: Server, account: Account) -> None:
    admin.execute("set lock_timeout = '5s'")
    owned = """select datname from pg_database left join pg_roles r on r.oid = datdba
                where rolname = %s or datname = %s"""
    for (database,) in admin.execute(owned, [account.user, account.database]).fetchall():
        drop_database(admin, server, database)
    admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(account.user)))


def drop_database(connection: psycopg.Connection, server: Server, database: str) -> None:
    """Drop a database whatever is connected to it or prepared in it."""
    query = "select gid from pg_prepared_xacts where database = %s"
    prepared = connection.execute(query, [database]).fetchall()
    if prepared:
        with connect(server, database) as inside:
            for (gid,) in prepared:
                inside.execute(sql.SQL("rollback prepared {}").format(sql.Literal(gid)))
    connection.execute("update pg_database set datistemplate = false where datname = %s", [database])
    connection.execute(_BACKENDS_IN, [database])
    connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(database)))
