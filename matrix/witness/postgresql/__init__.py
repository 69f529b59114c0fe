"""The witness of a PostgreSQL database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from psycopg import Connection, errors, sql

from matrix.servers.server import Server
from matrix.witness.base import Witness
from matrix.witness.capabilities import probe_capabilities
from matrix.witness.findings import Account, LockWait, RepairBlocked, Statement
from matrix.witness.observing import Catalogue, Holding, Observation, Rows
from matrix.witness.postgresql import account as accounts
from matrix.witness.postgresql.activity import Activity
from matrix.witness.postgresql.catalogue import read_catalogue
from matrix.witness.postgresql.log import parse_log
from matrix.witness.postgresql.rows import CAP, Contents, read_capped, restore_rows

#: Fingerprints whose catalogue is remembered; the server never uses a fingerprint again.
_REMEMBERED = 8
_GONE = (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName)


class PostgresqlWitness(Witness):
    """Looks through an administrator's connection to the stack's own database."""

    def __init__(self, server: Server, name: str, password_rounds: int = 1) -> None:
        super().__init__(server)
        self.account = Account(server.host, server.port, name, secrets.token_urlsafe(18), name)
        accounts.create_account(server, self.account, password_rounds)
        self._connection = accounts.connect(server, name)
        self._cursor = self._connection.cursor()
        self._activity = Activity(self._cursor, name, name)
        self._known: dict[str, tuple[Catalogue, Contents]] = {}
        self._log_offset: int | None = None
        self._log_zone = ZoneInfo("UTC")
        self.capabilities = self._read_capabilities()

    def _read_capabilities(self) -> dict[str, bool]:
        prepared = self._ask("show max_prepared_transactions")
        return {
            "create_database_from_template": True,
            "transactional_ddl": True,
            "prepared_transactions": int(prepared) > 0,
        } | probe_capabilities(self._open_as_stack)

    def _ask(self, query: str) -> str:
        answer: str = self._cursor.execute(query).fetchall()[0][0]
        return answer

    def _order(self, command: str, *names: str) -> None:
        """Run a command with quoted identifiers in place of its {}."""
        self._cursor.execute(sql.SQL(command).format(*map(sql.Identifier, names)))

    # -- looking ---------------------------------------------------------------------------

    def _observe(self, baseline: Observation | None = None) -> Observation:
        for _ in range(3):
            fingerprint, holdings = self._activity.read_state(self._cursor)
            objects, contents = self._recall(fingerprint)
            try:
                rows, counters, unread = self._read_contents(contents, baseline)
            except _GONE as error:
                # A backend that was just going away changed the schema between two questions.
                changed = error
                continue
            covered = contents.covered
            return Observation(fingerprint, objects, rows, dict(counters), holdings, unread, covered)
        raise changed

    def _recall(self, fingerprint: str) -> tuple[Catalogue, Contents]:
        if fingerprint not in self._known:
            found = read_catalogue(self._cursor), Contents(self._cursor)
            while len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[fingerprint] = found
        return self._known[fingerprint]

    def _read_contents(self, contents: Contents, baseline: Observation | None) -> tuple[dict[str, Rows], dict[str, str], dict[str, int]]:
        if baseline is None:
            return *contents.read(self._cursor, None), {}
        limit = CAP + max(map(len, baseline.rows.values()), default=0)
        rows, counters = contents.read(self._cursor, limit)
        unread: dict[str, int] = {}
        for name in [name for name in rows if len(rows[name]) >= limit]:
            seen, unread[name] = read_capped(self._cursor, contents, baseline.rows.get(name, []), name)
            rows = {**rows, name: seen}
        return rows, counters, unread

    # -- repairing -------------------------------------------------------------------------

    @contextmanager
    def _unless_blocked(self) -> Iterator[None]:
        """One transaction, ended at once when a live backend's lock is in the way."""
        try:
            with self._connection.transaction():
                yield
        except errors.LockNotAvailable as error:
            holders = tuple(h.backend for h in self._list_transactions() if h.backend)
            raise RepairBlocked(holders, error.diag.message_primary or "") from None

    def _list_transactions(self) -> list[Holding]:
        holdings = self._activity.read_state(self._cursor)[1]
        return [holding for holding in holdings if holding.kind == "open_transaction"]

    def _drop_everything(self) -> None:
        self._drop_databases([h.object for h in self._activity.read_state(self._cursor)[1]
                              if h.kind == "database_created"])  # fmt: skip
        with self._unless_blocked():
            self._order("drop owned by {} cascade", self.account.user)
            self._order("create schema if not exists public")
            self._order("grant all on schema public to {}", self.account.user)

    def _open_as_stack(self) -> Connection:
        return accounts.connect_as(self.account)

    def _end_prepared(self, names: list[str]) -> None:
        for gid in names:
            self._cursor.execute(sql.SQL("rollback prepared {}").format(sql.Literal(gid)))

    def _drop_databases(self, names: list[str]) -> None:
        for name in names:
            accounts.drop_database(self._connection, self._server, name)

    def _drop_objects(self, baseline: Observation) -> None:
        now = self._observe(baseline).objects
        with self._unless_blocked():
            for key in now.keys() - baseline.objects.keys():
                if now[key].parent is None or ("table", now[key].parent) in baseline.objects:
                    self._cursor.execute(now[key].drop)

    def _restore_rows(self, baseline: Observation, tables: list[str]) -> None:
        contents = self._recall(self._activity.read_state(self._cursor)[0])[1]
        with self._unless_blocked():
            self._cursor.execute("set local session_replication_role = replica")
            restore_rows(self._cursor, contents, baseline, tables)
        if self._last and has_fallen_behind(baseline.counters, self._last.counters):
            self._restore_counters(baseline)  # a recreated table would give out ids of restored rows

    def _restore_counters(self, baseline: Observation) -> None:
        contents = self._recall(self._activity.read_state(self._cursor)[0])[1]
        for table in contents.tables:
            if table.relkind == "S" and table.name in baseline.counters:
                value, called = baseline.counters[table.name].split(":")
                self._cursor.execute("select setval(%s, %s, %s)", [table.path, int(value), called == "true"])

    # -- backends --------------------------------------------------------------------------

    def find_lock_waits(self) -> list[LockWait]:
        return self._activity.find_lock_waits(self._cursor)

    def cancel(self, backend: int) -> None:
        self._cursor.execute("select pg_cancel_backend(%s)", [backend])

    def terminate(self, backend: int) -> None:
        self._cursor.execute("select pg_terminate_backend(%s)", [backend])

    def list_backends(self) -> list[int]:
        return self._activity.list_backends(self._cursor)

    def list_clients(self) -> dict[int, int]:
        return self._activity.list_clients(self._cursor)

    def list_busy(self) -> list[int]:
        return self._activity.list_busy(self._cursor)

    # -- the server's statement log ----------------------------------------------------------

    def _start_log(self) -> None:
        self._log_offset = self._server.read_log(self._log_offset or 0)[1]
        self._log_zone = ZoneInfo(self._ask("show log_timezone"))
        for setting in ("log_statement = 'all'", "log_duration = off"):
            self._order(f"alter role {{}} set {setting}", self.account.user)

    def read_statements(self) -> list[Statement]:
        if self._log_offset is None:
            return []
        text, offset = self._server.read_log(self._log_offset)
        whole = text[: text.rfind("\n") + 1]
        self._log_offset = offset - len(text[len(whole) :].encode())
        return list(parse_log(whole, self.account.database, self._log_zone))

    def skip_statements(self) -> None:
        if self._log_offset is not None:
            self._log_offset = self._server.read_log(self._log_offset)[1]

    def stop_statements(self) -> None:
        for setting in ("log_statement", "log_duration"):
            self._order(f"alter role {{}} reset {setting}", self.account.user)

    def close(self, drop: bool = True) -> None:
        if not self._connection.closed:
            self._connection.close()
            if drop:
                accounts.drop_account(self._server, self.account)


def has_fallen_behind(before: dict[str, str], now: dict[str, str]) -> bool:
    """Say whether a sequence ("last value:called") stands before where it stood."""
    return any(_place(now[name]) < _place(before[name]) for name in before.keys() & now.keys())


def _place(counter: str) -> tuple[int, bool]:
    value, called = counter.split(":")
    return int(value), called == "true"
