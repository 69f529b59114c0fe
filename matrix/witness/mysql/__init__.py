"""The witness of a MySQL or MariaDB database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql

from matrix.servers.server import Server
from matrix.witness.base import Witness
from matrix.witness.capabilities import probe_capabilities
from matrix.witness.findings import LockWait, RepairBlocked, Statement
from matrix.witness.mysql import connecting
from matrix.witness.mysql.activity import COVERING, PerformanceSchema
from matrix.witness.mysql.catalogue import FINGERPRINTS, read_catalogue
from matrix.witness.mysql.connecting import ask, quote
from matrix.witness.mysql.log import GeneralLog
from matrix.witness.mysql.mariadb import InnodbMonitor
from matrix.witness.mysql.rows import CAP, Contents, is_locked, restore_rows
from matrix.witness.observing import Catalogue, Holding, Observation, Rows

_GONE = {pymysql.constants.ER.NO_SUCH_TABLE, pymysql.constants.ER.BAD_FIELD_ERROR}


class MysqlWitness(Witness):
    """Looks through an administrator's connection to the stack's own database."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(server)
        self.account = connecting.name_account(server, name)
        self._connection = connecting.connect(server)
        self._cursor = self._connection.cursor()
        connecting.create_account(self._cursor, self.account)
        self._use()
        self._known: tuple[tuple[Any, ...] | None, Catalogue, Contents, list[Holding]] | None = None
        self._fingerprint = FINGERPRINTS[self.product]
        eyes = PerformanceSchema if self.product == "mysql" else InnodbMonitor
        self._activity = eyes(self._cursor, self.account)
        self.unseen = self._activity.unseen
        self._log = GeneralLog(server, self.account.user)
        self.capabilities = {
            "create_database_from_template": False,
            "transactional_ddl": False,
            "prepared_transactions": True,
        } | probe_capabilities(self._open_as_stack)

    def _use(self) -> None:
        self._cursor.execute(f"use {quote(self.account.database)}")

    # -- looking ---------------------------------------------------------------------------

    def _observe(self, baseline: Observation | None = None) -> Observation:
        for _ in range(3):
            try:
                return self._observe_once(baseline)
            except pymysql.ProgrammingError as error:
                # A backend that was just going away changed the schema between two questions.
                if error.args[0] not in _GONE:
                    raise
                self._known, changed = None, error
        raise changed

    def _observe_once(self, baseline: Observation | None) -> Observation:
        *answers, recovered, fingerprint = ask(self._cursor, *self._activity.queries, "xa recover", self._fingerprint)
        held = self._activity.read_holdings(self._cursor, answers)
        mine = connecting.choose_prepared(recovered, self.account.database)
        prepared = [Holding("prepared_transaction", xid, "XA PREPARE") for xid in mine]
        objects, contents, databases = known = self._recall(fingerprint)
        if not held.settled:
            # A statement still running was counted, but its change may be yet to come.
            self._known = (None, *known)
        covered = frozenset(h.object for h in held.holdings if h.mark in COVERING)
        if held.waiting:
            covered = frozenset(table.name for table in contents.tables)
        rows, counters, unread = self._read_contents(contents, baseline, covered)
        holdings = held.holdings + prepared + databases
        return Observation(fingerprint, objects, rows, counters, holdings, unread, covered)

    def _recall(self, fingerprint: tuple[Any, ...]) -> tuple[Catalogue, Contents, list[Holding]]:
        if self._known is None or self._known[0] != fingerprint:
            objects = read_catalogue(self._cursor)
            if self._known and list(self._known[1].values()) == list(objects.values()):
                # Another stack's DDL: what is known of this one stays.
                objects, contents = self._known[1:3]
            else:
                contents = Contents(objects)
            self._known = fingerprint, objects, contents, self._list_databases()
        return self._known[1:]

    def _list_databases(self) -> list[Holding]:
        names = connecting.list_databases(self._cursor, self.account.database)
        extra = [name for name in names if name != self.account.database]
        return [Holding("database_created", name, "database") for name in extra]

    def _read_contents(
        self, contents: Contents, baseline: Observation | None, covered: frozenset[str]
    ) -> tuple[dict[str, Rows], dict[str, str], dict[str, int]]:
        if baseline is None:
            return *contents.read(self._cursor, None, covered), {}
        limit = CAP + max(map(len, baseline.rows.values()), default=0)
        rows, counters = contents.read(self._cursor, limit, covered)
        unread: dict[str, int] = {}
        for name in [name for name in rows if len(rows[name]) >= limit]:
            known = baseline.rows.get(name, [])
            rows[name], unread[name] = contents.read_capped(self._cursor, known, name)
        return rows, counters, unread

    # -- repairing -------------------------------------------------------------------------

    @contextmanager
    def _unless_blocked(self) -> Iterator[None]:
        try:
            yield
        except pymysql.Error as error:
            if not is_locked(error):
                raise
            raise RepairBlocked(self._list_holders(), error.args[-1]) from None

    def _list_holders(self) -> tuple[int, ...]:
        answers = ask(self._cursor, *self._activity.queries)
        holdings = self._activity.read_holdings(self._cursor, answers).holdings
        return tuple(sorted({h.backend for h in holdings if h.backend}))

    def _drop_everything(self) -> None:
        """The database goes as a whole; rights on it are by name and stay."""
        with self._unless_blocked():
            for name in connecting.list_databases(self._cursor, self.account.database):
                self._cursor.execute(f"drop database if exists {quote(name)}")
            self._cursor.execute(f"create database {quote(self.account.database)}")
        self._use()

    def _open_as_stack(self) -> pymysql.Connection:
        return connecting.connect_as(self.account)

    def _end_prepared(self, names: list[str]) -> None:
        for name in names:
            self._cursor.execute(f"xa rollback {name}")

    def _drop_databases(self, names: list[str]) -> None:
        with self._unless_blocked():
            for name in names:
                self._cursor.execute(f"drop database if exists {quote(name)}")

    def _drop_objects(self, baseline: Observation) -> None:
        now = self._observe(baseline).objects
        with self._unless_blocked():
            for key in sorted(now.keys() - baseline.objects.keys()):
                if ("table", now[key].parent) not in now.keys() - baseline.objects.keys():
                    self._cursor.execute(now[key].drop)

    def _restore_rows(self, baseline: Observation, tables: list[str]) -> None:
        contents = self._recall(*ask(self._cursor, self._fingerprint))[1]
        with self._unless_blocked():
            self._connection.begin()
            try:
                restore_rows(self._cursor, contents, baseline, tables)
                self._connection.commit()
            finally:
                self._connection.rollback()

    def _restore_counters(self, baseline: Observation) -> None:
        now = self._observe(baseline).counters
        moved = {n: v for n, v in baseline.counters.items() if n in now and now[n] != v}
        for name, value in moved.items():
            kind = "table" if ("table", name) in baseline.objects else "sequence"
            change = f"auto_increment = {value}" if kind == "table" else f"restart {value}"
            self._cursor.execute(f"alter {kind} {quote(name)} {change}")

    # -- backends --------------------------------------------------------------------------

    def find_lock_waits(self) -> list[LockWait]:
        return self._activity.find_lock_waits(self._cursor)

    def cancel(self, backend: int) -> None:
        connecting.end_backend(self._cursor, "kill query", backend)

    def terminate(self, backend: int) -> None:
        connecting.end_backend(self._cursor, "kill", backend)

    def list_backends(self) -> list[int]:
        return self._activity.list_backends(self._cursor)

    def list_clients(self) -> dict[int, int]:
        return connecting.list_clients(self._cursor, self.account)

    def list_busy(self) -> list[int]:
        return self._activity.list_busy(self._cursor)

    # -- the server's statement log ----------------------------------------------------------

    def _start_log(self) -> None:
        self._log.start(self._cursor)

    def read_statements(self) -> list[Statement]:
        return self._log.read(self._cursor)

    def skip_statements(self) -> None:
        self._log.skip()

    def stop_statements(self) -> None:
        self._log.stop(self._cursor)

    def close(self, drop: bool = True) -> None:
        if self._connection.open:
            self._log.stop(self._cursor)
            if drop:
                connecting.drop_account(self._cursor, self.account)
            self._connection.close()
