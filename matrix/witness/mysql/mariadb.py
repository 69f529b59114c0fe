"""What a MariaDB stack's backends hold and wait for: the InnoDB monitor and metadata_lock_info.

information_schema.innodb_trx is a cache that refreshes only when nobody has read it for 0.1 s,
so the monitor's text, which is always of now, is read instead.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from matrix.witness.findings import Account, LockWait
from matrix.witness.mysql.activity import Held, describe_locks
from matrix.witness.mysql.connecting import ask
from matrix.witness.observing import Holding

_MONITOR = "show engine innodb status"
_LOCKS = """select thread_id, lock_type, table_schema, table_name, lock_mode
 from information_schema.metadata_lock_info
 where table_schema = '{database}' or lock_type = 'User lock'"""
# Without the plugin at least: whether a statement, perhaps a schema change, is running.
_RUNNING = """select id, 'Running', '', '', '' from information_schema.processlist
 where user = '{user}' and command <> 'Sleep'"""
_PROCESSES = """select id, state, left(info, 200) from information_schema.processlist
 where user = '{user}'"""
_ROW_WAITS = """select w.trx_mysql_thread_id, h.trx_mysql_thread_id
 from information_schema.innodb_lock_waits l
 join information_schema.innodb_trx w on w.trx_id = l.requesting_trx_id
 join information_schema.innodb_trx h on h.trx_id = l.blocking_trx_id"""

_TRANSACTION = re.compile(r"^---TRANSACTION (\S+), ACTIVE.*?(?=^---TRANSACTION|^--------\n)", re.M | re.S)
_SESSION = re.compile(r"^MariaDB thread id (\d+), .*?query id \d+ (.*)$", re.MULTILINE)
_ROW_LOCKS = re.compile(r"^(LOCK WAIT )?(\d+) lock struct", re.MULTILINE)
#: information_schema's lock views give the same old answer until left alone for this long (s).
_STALE = 0.11


@dataclass(frozen=True)
class Transaction:
    """One transaction in the monitor's list."""

    mark: str
    backend: int
    locks: int
    waits: bool


class InnodbMonitor:
    """Questions about one stack's backends."""

    def __init__(self, cursor: Cursor, account: Account) -> None:
        self._account = account
        names = {"user": account.user, "database": account.database}
        self._processes = _PROCESSES.format(**names)
        # There is no view of other sessions' temporary tables.
        self.unseen = frozenset({"temp_table"})
        if _load_plugin(cursor):
            self._locks = _LOCKS.format(**names)
        else:
            self._locks = _RUNNING.format(**names)
            self.unseen |= {"lock_held", "advisory_lock_held"}
        self.queries = [_MONITOR, self._locks]
        self._asked = 0.0

    def read_holdings(self, cursor: Cursor, answers: list[tuple[Any, ...]]) -> Held:
        """What the answers to `queries` mean. A running schema change holds locks, on the schema
        if on nothing else."""
        monitor, locks = answers
        transactions = self._list_transactions(monitor)
        if not transactions and not locks:
            return Held([], True, False)
        own = self._read_processes(cursor)
        holdings = [Holding("open_transaction", "transaction", own[t.backend][1], t.backend, t.mark) for t in transactions if t.backend in own]
        waiting = any(_waits_for_name(state) for state, _ in own.values())
        return Held(holdings + self._describe_locks(locks, set(own)), not locks, waiting)

    def _list_transactions(self, monitor: tuple[Any, ...]) -> list[Transaction]:
        found = []
        for match in _TRANSACTION.finditer(monitor[0][2]):
            session, locks = _SESSION.search(match[0]), _ROW_LOCKS.search(match[0])
            if session and self._account.user in session[2].split()[:3]:
                count, waits = (int(locks[2]), bool(locks[1])) if locks else (0, False)
                found.append(Transaction(match[1], int(session[1]), count, waits))
        return found

    def _describe_locks(self, rows: tuple[Any, ...], own: set[int]) -> list[Holding]:
        translated = []
        for backend, kind, schema, name, mode in rows:
            if backend in own and kind == "User lock":
                translated.append((backend, "USER LEVEL LOCK", None, schema, ""))
            elif backend in own and kind == "Table metadata lock":
                lock = mode.removeprefix("MDL_")
                translated.append((backend, "TABLE", schema, name, lock))
        return describe_locks(self._account.database, translated)

    def _read_processes(self, cursor: Cursor) -> dict[int, tuple[str, str]]:
        rows = ask(cursor, self._processes)[0]
        return {backend: (state or "", query or "") for backend, state, query in rows}

    def list_backends(self, cursor: Cursor) -> list[int]:
        return sorted(self._read_processes(cursor))

    def list_busy(self, cursor: Cursor) -> list[int]:
        return [row[0] for row in ask(cursor, f"{self._processes} and command <> 'Sleep'")[0]]

    def find_lock_waits(self, cursor: Cursor) -> list[LockWait]:
        monitor, processes = ask(cursor, _MONITOR, self._processes)
        transactions = self._list_transactions(monitor)
        waiting = [t for t in transactions if t.waits]
        waits = self._find_row_waits(cursor, transactions, waiting) if waiting else []
        named = {backend: state for backend, state, _ in processes if _waits_for_name(state)}
        if named:
            waits += self._find_name_waits(cursor, named)
        said = {backend: query or "" for backend, _, query in processes}
        return [LockWait(w.waiter, w.holders, f"{w.what}: {said.get(w.waiter, '')}") for w in waits]

    def _find_row_waits(self, cursor: Cursor, transactions: list[Transaction], waiting: list[Transaction]) -> list[LockWait]:
        """Only this stack touches its tables: with one other holder of locks, that is the one."""
        waits = []
        for waiter in waiting:
            holders = [t.backend for t in transactions if t.locks and t != waiter]
            if len(holders) > 1:
                holders = self._ask_for_holders(cursor, waiter.backend)
            if holders:
                waits.append(LockWait(waiter.backend, tuple(sorted(set(holders))), "row lock"))
        return waits

    def _ask_for_holders(self, cursor: Cursor, waiter: int) -> list[int]:
        if time.monotonic() - self._asked < _STALE:
            return []
        self._asked = time.monotonic()
        return [holder for asked, holder in ask(cursor, _ROW_WAITS)[0] if asked == waiter]

    def _find_name_waits(self, cursor: Cursor, named: dict[int, str]) -> list[LockWait]:
        """metadata_lock_info lists what is granted: all other holders of that kind of lock."""
        held = ask(cursor, self._locks)[0]
        own, waits = set(self.list_backends(cursor)), []
        for waiter, state in named.items():
            user_level = state == "User lock"
            holders = {row[0] for row in held if (row[1] == "User lock") == user_level}
            holders = holders & own - {waiter}
            if holders:
                waits.append(LockWait(waiter, tuple(sorted(holders)), state))
        return waits


def _load_plugin(cursor: Cursor) -> bool:
    """Whether metadata_lock_info is there, or could be loaded."""
    try:
        cursor.execute("install soname 'metadata_lock_info'")
    except pymysql.Error:
        cursor.execute("select 1 from information_schema.plugins where plugin_name = 'METADATA_LOCK_INFO'")
        return bool(cursor.fetchall())
    return True


def _waits_for_name(state: str | None) -> bool:
    return state == "User lock" or (state or "").startswith("Waiting for")
