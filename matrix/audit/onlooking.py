"""Witnesses of databases that are somebody else's: they look, and change nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pymysql

from matrix.audit.mistakes import AuditFailed
from matrix.facts import JsonObject
from matrix.plan.rows import load_databases
from matrix.servers import Server
from matrix.witness import Witness, WitnessError
from matrix.witness.findings import Account
from matrix.witness.mysql import MysqlWitness
from matrix.witness.mysql.activity import PerformanceSchema
from matrix.witness.mysql.catalogue import FINGERPRINTS
from matrix.witness.mysql.connecting import ask, quote
from matrix.witness.mysql.log import GeneralLog
from matrix.witness.mysql.mariadb import InnodbMonitor
from matrix.witness.observing import Holding, Observation
from matrix.witness.postgresql import PostgresqlWitness
from matrix.witness.postgresql.activity import Activity

#: More transactions than these in one test are not asked for one by one.
MOST_IDS = 500
READ_ONLY = "-c lock_timeout=100 -c jit=off -c default_transaction_read_only=on -c statement_timeout=60000"


@dataclass(frozen=True)
class Address:
    """Where a database is and who the tests are there; `admin` is who the examiner is."""

    kind: str
    host: str
    port: int
    user: str
    database: str
    password: str = field(default="", repr=False, compare=False)
    admin: tuple[str, str] | None = field(default=None, repr=False, compare=False)
    server: Server | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{self.database} on {self.host}:{self.port}"

    @property
    def login(self) -> tuple[str, str]:
        return self.admin or (self.user, self.password)


def read_address(told: JsonObject) -> Address:
    """Return what the probe told of a connection."""
    ports = {"postgresql": 5432, "mysql": 3306}
    kind, user = str(told["kind"]), str(told["user"] or "")
    host = "127.0.0.1" if told["host"] == "localhost" else str(told["host"])
    return Address(kind, host, told["port"] or ports[kind], user, str(told["database"] or user), str(told["password"] or ""))


class Blind:
    """What an account may not see: said in reports, never counted as clean."""

    blind: tuple[str, ...] = ()


class PostgresqlOnlooker(Blind, PostgresqlWitness):
    """Looks into one PostgreSQL database through a session that can only read."""

    def __init__(self, address: Address) -> None:
        Witness.__init__(self, address.server or stand_in("postgresql"))
        self.account = Account(address.host, address.port, address.user, "", address.database)
        user, password = address.login
        try:
            self._connection = psycopg.connect(
                host=address.host, port=address.port, user=user, password=password, dbname=address.database, autocommit=True,
                prepare_threshold=0, options=READ_ONLY, connect_timeout=10, application_name="isolation-matrix audit",
            )  # fmt: skip
        except psycopg.Error as error:
            raise AuditFailed(f"the examiner cannot connect to {address.name} as {user}: {hide(error, password)}") from None
        self._cursor = self._connection.cursor()
        self._activity = Activity(self._cursor, address.database, address.user)
        self._known = {}
        self._log_offset = None
        if not self._sees_others(user, address.user):
            self.blind = (f"role {user} does not see what the sessions of {address.user} hold: grant it pg_read_all_stats",)

    def _sees_others(self, user: str, tests: str) -> bool:
        seen = "select current_setting('is_superuser')::bool or pg_has_role('pg_read_all_stats', 'usage') or pg_has_role(%s, 'usage')"
        return bool(self._cursor.execute(seen, [tests]).fetchall()[0][0])

    def _observe(self, baseline: Observation | None = None) -> Observation:
        seen = super()._observe(baseline)
        seen.holdings = [h for h in seen.holdings if h.kind != "database_created"]  # others may make theirs on this server
        return seen

    def read_sign(self) -> tuple[int, int]:
        """Return the oldest transaction id that may still be running, and the next one that will be given out."""
        query = "select pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint from pg_current_snapshot() s"
        [(oldest, following)] = self._cursor.execute(query).fetchall()
        return int(oldest), int(following)

    def look_cheaply(self, last: Observation, since: int, until: int) -> Observation | None:
        """Return what is there when every transaction since was rolled back ("surely clean"), None when it takes a full look."""
        if until - since > MOST_IDS or self._connection.info.server_version < 130000:
            return None
        query = "select count(*) from generate_series(%s::bigint, %s::bigint) x where pg_xact_status(x::text::xid8) is distinct from 'aborted'"
        if until > since and self._cursor.execute(query, [since, until - 1]).fetchall()[0][0]:
            return None
        fingerprint, holdings = self._activity.read_state(self._cursor)
        if fingerprint != last.fingerprint:
            return None
        return replace(last, holdings=[h for h in holdings if h.kind != "database_created"])


class MysqlOnlooker(Blind, MysqlWitness):
    """Looks into one MySQL or MariaDB database; what the account may not ask for is left out and said."""

    def __init__(self, address: Address) -> None:
        user, password = address.login
        try:
            self._connection = pymysql.connect(
                host=address.host, port=address.port, user=user, password=password, database=address.database, autocommit=True,
                charset="utf8mb4", ssl_disabled=True, connect_timeout=10, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
            )  # fmt: skip
        except pymysql.Error as error:
            raise AuditFailed(f"the examiner cannot connect to {address.name} as {user}: {hide(error, password)}") from None
        self._cursor = self._connection.cursor()
        version = str(ask(self._cursor, "select version()")[0][0][0])
        product = "mariadb" if "mariadb" in version.lower() else "mysql"
        Witness.__init__(self, address.server or stand_in(product))
        self.product = product
        self.account = Account(address.host, address.port, address.user, "", address.database)
        isolation = "tx_isolation" if product == "mariadb" else "transaction_isolation"
        ask(
            self._cursor,
            "set session lock_wait_timeout = 1, session innodb_lock_wait_timeout = 1",
            f"set session {isolation} = 'READ-COMMITTED'",
            "set session time_zone = '+00:00'",
            "set session transaction_read_only = 1" if product == "mysql" else "set session tx_read_only = 1",
        )
        self._known = None
        self._fingerprint = FINGERPRINTS[product]
        self._prepared, self.blind = "xa recover", ()
        self._activity = self._open_eyes(product)
        self.unseen = self._activity.unseen
        self._log = GeneralLog(self._server, address.user)

    def _open_eyes(self, product: str) -> PerformanceSchema | InnodbMonitor:
        try:
            ask(self._cursor, "xa recover")
        except pymysql.Error:
            self._prepared = "select 1 from dual where false"
            self.blind += ("prepared transactions: the account has no XA_RECOVER_ADMIN",)
        try:
            eyes = PerformanceSchema(self._cursor, self.account) if product == "mysql" else OnlookingMonitor(self._cursor, self.account)
            ask(self._cursor, *eyes.queries)
            return eyes
        except (pymysql.Error, WitnessError) as error:
            why = str(error.args[-1])
            self.blind += (f"transactions and locks of other sessions ({why}): give MATRIX_AUDIT_ADMIN_URL, or grant PROCESS and SELECT on performance_schema",)
            return NoEyes()  # type: ignore[return-value]

    def _observe_once(self, baseline: Observation | None) -> Observation:
        *answers, recovered, fingerprint = ask(self._cursor, *self._activity.queries, self._prepared, self._fingerprint)
        held = self._activity.read_holdings(self._cursor, answers)
        prepared = [Holding("prepared_transaction", name_prepared(row), "XA PREPARE") for row in recovered]
        objects, contents, _ = known = self._recall(fingerprint)
        if not held.settled:
            self._known = (None, *known)
        covered = frozenset(h.object for h in held.holdings if h.mark in ("SHARED_NO_READ_WRITE", "EXCLUSIVE"))
        if held.waiting:
            covered = frozenset(table.name for table in contents.tables)
        rows, counters, unread = self._read_contents(contents, baseline, covered)
        return Observation(fingerprint, objects, rows, counters, held.holdings + prepared, unread, covered)

    def _list_databases(self) -> list[Holding]:
        return []

    def _use(self) -> None:
        self._cursor.execute(f"use {quote(self.account.database)}")

    def close(self, drop: bool = True) -> None:
        """Disconnect."""
        if self._connection.open:
            self._connection.close()


class OnlookingMonitor(InnodbMonitor):
    """MariaDB's monitor without loading a plugin into a server that is not ours."""

    def __init__(self, cursor: Any, account: Account) -> None:
        from matrix.witness.mysql import mariadb

        loader = mariadb._load_plugin
        mariadb._load_plugin = lambda cursor: bool(ask(cursor, "select 1 from information_schema.plugins where plugin_name = 'METADATA_LOCK_INFO'")[0])
        try:
            super().__init__(cursor, account)
        finally:
            mariadb._load_plugin = loader


class NoEyes:
    """For an account that sees no other session: rows and schema remain."""

    unseen = frozenset({"open_transaction", "lock_held", "advisory_lock_held", "temp_table"})
    queries: tuple[str, ...] = ()

    def read_holdings(self, cursor: Any, answers: Any) -> Any:
        """Nothing, and never settled: a schema change may be running."""
        from matrix.witness.mysql.activity import Held

        return Held([], False, False)

    def list_backends(self, cursor: Any) -> list[int]:
        """Unknown."""
        return []

    def list_busy(self, cursor: Any) -> list[int]:
        """Unknown."""
        return []

    def find_lock_waits(self, cursor: Any) -> list[Any]:
        """Unknown."""
        return []


Onlooker = PostgresqlOnlooker | MysqlOnlooker


def open_onlooker(address: Address) -> Onlooker:
    """Return a witness that only looks. Raises AuditFailed."""
    try:
        return PostgresqlOnlooker(address) if address.kind == "postgresql" else MysqlOnlooker(address)
    except (psycopg.Error, pymysql.Error, ValueError) as error:
        raise AuditFailed(f"the examiner sees nothing of {address.name}: {hide(error, address.login[1])}") from None


def name_prepared(row: tuple[Any, ...]) -> str:
    data = row[3]
    return data.decode("ascii", "replace") if isinstance(data, bytes) else str(data)


def hide(error: Exception, password: str) -> str:
    """Return an error's text without the password."""
    text = str(error.args[-1] if error.args else error).strip()
    return text.replace(password, "***") if password else text


def stand_in(product: str) -> Server:
    """Return what stands for a server that is the user's: nothing about it is ours."""
    row = next(row for row in load_databases().values() if row.product == product)
    return Server(row, "url", "", "", 0, "", "", given=True)


#: What a look raises when its connection, or its database, has gone.
LOST = (psycopg.OperationalError, psycopg.InterfaceError, pymysql.OperationalError, pymysql.InterfaceError)
