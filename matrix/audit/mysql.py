"""The onlooker of a MySQL or MariaDB database; what the account may not ask for is left out and said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pymysql

from matrix.audit.address import Address, hide_password, stand_in
from matrix.audit.eyes import UNSEEN, NoEyes, OnlookingMonitor
from matrix.audit.mistakes import AuditFailed
from matrix.audit.touched import Sign, WrittenTables, find_doubtful, read_checksums
from matrix.witness import Witness, WitnessError
from matrix.witness.findings import Account
from matrix.witness.mysql import MysqlWitness
from matrix.witness.mysql.activity import PerformanceSchema
from matrix.witness.mysql.catalogue import FINGERPRINTS
from matrix.witness.mysql.connecting import ask, quote
from matrix.witness.mysql.log import GeneralLog
from matrix.witness.mysql.mariadb import InnodbMonitor
from matrix.witness.mysql.rows import CAP
from matrix.witness.observing import Holding, Observation, Rows

COVERING = ("SHARED_NO_READ_WRITE", "EXCLUSIVE")


class MysqlOnlooker(MysqlWitness):
    """Looks into one MySQL or MariaDB database through a session that can only read."""

    #: What the account may not see: said in reports, never counted as clean.
    blind: tuple[str, ...] = ()

    def __init__(self, address: Address) -> None:
        self._connection = connect(address)
        self._cursor = self._connection.cursor()
        version = str(ask(self._cursor, "select version()")[0][0][0])
        product = "mariadb" if "mariadb" in version.lower() else "mysql"
        Witness.__init__(self, address.server or stand_in(product))
        self.product = product
        self.account = Account(address.host, address.port, address.user, "", address.database)
        only_read(self._cursor, product)
        self._known = None
        self._fingerprint = FINGERPRINTS[product]
        self._prepared = self._open_prepared()
        self._activity = self._open_eyes(product)
        self._written = self._open_sign()
        self.unseen = self._activity.unseen
        self._log = GeneralLog(self._server, address.user)

    def _open_prepared(self) -> str:
        try:
            ask(self._cursor, "xa recover")
        except pymysql.Error:
            self.blind += ("prepared transactions: the account has no XA_RECOVER_ADMIN",)
            return "select 1 from dual where false"
        return "xa recover"

    def _open_eyes(self, product: str) -> PerformanceSchema | InnodbMonitor:
        try:
            eyes = PerformanceSchema(self._cursor, self.account) if product == "mysql" else OnlookingMonitor(self._cursor, self.account)
            ask(self._cursor, *eyes.queries)
            self.blind += tuple(UNSEEN[kind] for kind in sorted(eyes.unseen))
            return eyes
        except (pymysql.Error, WitnessError) as error:
            why = str(error.args[-1])
            self.blind += (f"transactions and locks of other sessions ({why}): give MATRIX_AUDIT_ADMIN_URL, or grant PROCESS and SELECT on performance_schema",)
            return NoEyes()  # type: ignore[return-value]

    def _open_sign(self) -> WrittenTables | None:
        """Return the sign of this server; None where it cannot be had, or where what it rests on cannot be seen."""
        if self.product != "mysql" or self.blind:
            return None
        try:
            written = WrittenTables(self._cursor, self.account.database)
            ask(self._cursor, *written.queries)
        except pymysql.Error:
            return None
        if not written.counts:
            self.blind += ("a part of what sessions hold: instruments or consumers of performance_schema are switched off",)
        return written if written.counts else None

    def _observe_once(self, baseline: Observation | None) -> Observation:
        *answers, recovered, fingerprint = ask(self._cursor, *self._activity.queries, self._prepared, self._fingerprint)
        held = self._activity.read_holdings(self._cursor, answers)
        objects, contents, _ = known = self._recall(fingerprint)
        if not held.settled:
            self._known = (None, *known)
        covered = frozenset(h.object for h in held.holdings if h.mark in COVERING)
        if held.waiting:
            covered = frozenset(table.name for table in contents.tables)
        rows, counters, unread = self._read_contents(contents, baseline, covered)
        return Observation(fingerprint, objects, rows, counters, held.holdings + list_prepared(recovered), unread, covered)

    def _list_databases(self) -> list[Holding]:
        return []

    def _use(self) -> None:
        self._cursor.execute(f"use {quote(self.account.database)}")

    def close(self, drop: bool = True) -> None:
        """Disconnect."""
        if self._connection.open:
            self._connection.close()

    # -- the sign ----------------------------------------------------------------------------

    def read_sign(self, before: Sign | None) -> Sign | None:
        """Return the sign of now, in one round trip; None: this server has none.

        Writes are counted before it is asked who has a transaction open, and rows are read after that: what is committed
        between two of these questions is read, or doubted at the next look.
        """
        if self._written is None:
            return None
        asked = [*self._written.queries, *self._activity.queries, self._prepared]
        [[changed, lost]], [[writes]], [[busy]], *answers, recovered = ask(self._cursor, *asked)
        held = self._activity.read_holdings(self._cursor, answers)
        prepared = list_prepared(recovered)
        return Sign(((changed,),), held, prepared, json.loads(writes or "{}"), bool(busy) or bool(prepared), lost)

    def look_after(self, last: Observation, before: Sign, sign: Sign) -> Observation | None:
        """Return what is there when the sign says what has changed, None when it takes a full look."""
        plain = sign.held.settled and not sign.held.waiting and not last.covered and not last.unread and sign.fingerprint == last.fingerprint
        doubtful = find_doubtful(before, sign, last.objects) if plain else None
        if doubtful is None or any(held.mark in COVERING for held in sign.held.holdings):
            return None
        doubtful &= last.rows.keys()
        sign.doubtful = doubtful if sign.unsure else frozenset()
        try:
            found = read_checksums(self._cursor, doubtful)
        except pymysql.Error:
            return None
        rows = self._read_changed(last, [name for name in doubtful if found[name] is None or before.sums.get(name) != found[name]])
        sign.sums = before.sums | found
        return None if rows is None else replace(last, rows={**last.rows, **rows}, holdings=sign.held.holdings + sign.prepared)

    def prepare_full(self, sign: Sign) -> bool:
        """Before a full look: read checksums for the looks to come; False when the sign is not to be believed then.

        While a statement runs that may change the schema, what the catalogue says now must not be remembered as its end.
        """
        if not sign.held.settled:
            return False
        tables = {name for kind, name in self._recall(sign.fingerprint)[0] if kind == "table"}
        sign.doubtful = frozenset(tables) if sign.unsure else frozenset()
        try:
            sign.sums = read_checksums(self._cursor, tables)
        except pymysql.Error:
            return False
        return True

    def _read_changed(self, last: Observation, names: list[str]) -> dict[str, Rows] | None:
        """Return the rows of these tables; None when one is too long to be read like this."""
        limit = CAP + max(map(len, last.rows.values()), default=0)
        tables = [table for table in self._recall(last.fingerprint)[1].tables if table.name in names]  # type: ignore[arg-type]
        if not tables:
            return {}
        answers = ask(self._cursor, *(table.select(0, limit) for table in tables))
        if any(len(rows) >= limit for rows in answers):
            return None
        return {table.name: [(key, content) for _, key, content in rows] for table, rows in zip(tables, answers, strict=True)}


def connect(address: Address) -> pymysql.Connection:
    """Return a connection to it as the examiner. Raises AuditFailed."""
    user, password = address.login
    try:
        return pymysql.connect(
            host=address.host, port=address.port, user=user, password=password, database=address.database, autocommit=True,
            charset="utf8mb4", ssl_disabled=True, connect_timeout=10, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
        )  # fmt: skip
    except pymysql.Error as error:
        raise AuditFailed(f"the examiner cannot connect to {address.name} as {user}: {hide_password(error, password)}") from None


def only_read(cursor: Any, product: str) -> None:
    """Have the session wait for no lock for long, see what is committed, and write nothing."""
    isolation = "tx_isolation" if product == "mariadb" else "transaction_isolation"
    ask(
        cursor,
        "set session lock_wait_timeout = 1, session innodb_lock_wait_timeout = 1",
        f"set session {isolation} = 'READ-COMMITTED'",
        "set session time_zone = '+00:00'",
        "set session transaction_read_only = 1" if product == "mysql" else "set session tx_read_only = 1",
    )


def list_prepared(recovered: tuple[Any, ...]) -> list[Holding]:
    """Return what XA RECOVER told."""
    return [Holding("prepared_transaction", name_prepared(row), "XA PREPARE") for row in recovered]


def name_prepared(row: tuple[Any, ...]) -> str:
    data = row[3]
    return data.decode("ascii", "replace") if isinstance(data, bytes) else str(data)
