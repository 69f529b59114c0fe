"""What a stack said, from the general log of MySQL and MariaDB, kept in a table."""

from __future__ import annotations

import threading
import time
from typing import Any

from pymysql.cursors import Cursor

from matrix.servers.server import LogUnavailable, Server
from matrix.witness.findings import Statement
from matrix.witness.mysql.connecting import ask

_READ = """select unix_timestamp(event_time), thread_id, convert(argument using utf8mb4)
 from mysql.general_log where event_time >= from_unixtime(%s) and user_host like %s
 and command_type in ('Query', 'Execute')"""
# As it comes, the table is a text file without an index: whoever reads the last statements reads all.
_INDEXED = "select 1 from information_schema.statistics where table_schema = 'mysql' and table_name = 'general_log'"
_INDEX = "alter table mysql.general_log engine = myisam, add key (event_time)"
_MOMENT = 1e-6  # seconds, the steps of its times

_readers: dict[tuple[str, int], int] = {}
_changing = threading.Lock()


class GeneralLog:
    """One stack's share of the server's only general log: it runs while any stack needs it."""

    def __init__(self, server: Server, user: str) -> None:
        self._place = (server.host, server.port)
        self._pattern = user.replace("_", "\\_") + "[%"
        self._given = server.given
        self._started = False
        self._since = 0.0  # seconds since the epoch; the server's clock is this machine's

    def start(self, cursor: Cursor) -> None:
        if self._started:
            return
        if self._given:
            raise LogUnavailable("the general log is a setting of the whole server, and this server was given")
        with _changing:
            if not _readers.get(self._place):
                ask(cursor, "set global general_log = off", "set global log_output = 'TABLE'",
                    "truncate mysql.general_log", *self._list_changes(cursor), "set global general_log = on")  # fmt: skip
            _readers[self._place] = _readers.get(self._place, 0) + 1
        self._started = True
        self.skip()

    def _list_changes(self, cursor: Cursor) -> list[str]:
        """Return what gives the table an index, if it has none."""
        return [] if ask(cursor, _INDEXED)[0] else [_INDEX]

    def stop(self, cursor: Cursor) -> None:
        if not self._started:
            return
        self._started = False
        with _changing:
            _readers[self._place] -= 1
            if not _readers[self._place]:
                ask(cursor, "set global general_log = off", "truncate mysql.general_log")

    def read(self, cursor: Cursor) -> list[Statement]:
        """Statements since the last read or skip, in the order of the server's writing."""
        if not self._started:
            return []
        cursor.execute(_READ, [f"{self._since:.6f}", self._pattern])
        rows: list[tuple[Any, ...]] = sorted(cursor.fetchall(), key=lambda row: row[0])
        if rows:
            self._since = float(rows[-1][0]) + _MOMENT
        return [Statement(float(at), backend, text) for at, backend, text in rows]

    def skip(self) -> None:
        """Forget what was logged until now."""
        self._since = time.time()
