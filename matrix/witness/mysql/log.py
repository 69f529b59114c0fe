"""What a stack said, from the general log of MySQL and MariaDB, kept in a table."""

from __future__ import annotations

import threading
from typing import Any

from pymysql.cursors import Cursor

from matrix.servers.server import LogUnavailable, Server
from matrix.witness.findings import Statement
from matrix.witness.mysql.connecting import ask

_READ = """select unix_timestamp(event_time), thread_id, convert(argument using utf8mb4)
 from mysql.general_log where user_host like %s and command_type in ('Query', 'Execute')"""

_readers: dict[tuple[str, int], int] = {}
_changing = threading.Lock()


class GeneralLog:
    """One stack's share of the server's only general log: it runs while any stack needs it."""

    def __init__(self, server: Server, user: str) -> None:
        self._place = (server.host, server.port)
        self._pattern = user.replace("_", "\\_") + "[%"
        self._given = server.given
        self._started = False
        self._read = 0

    def start(self, cursor: Cursor) -> None:
        if self._started:
            return
        if self._given:
            raise LogUnavailable("the general log is a setting of the whole server, and this server was given")
        with _changing:
            if not _readers.get(self._place):
                ask(cursor, "set global general_log = off", "set global log_output = 'TABLE'",
                    "truncate mysql.general_log", "set global general_log = on")  # fmt: skip
            _readers[self._place] = _readers.get(self._place, 0) + 1
        self._started = True
        self._read = len(self._fetch(cursor))

    def stop(self, cursor: Cursor) -> None:
        if not self._started:
            return
        self._started = False
        with _changing:
            _readers[self._place] -= 1
            if not _readers[self._place]:
                ask(cursor, "set global general_log = off", "truncate mysql.general_log")

    def read(self, cursor: Cursor) -> list[Statement]:
        """Statements since the last read. The table is in the order of the server's writing."""
        if not self._started:
            return []
        rows = self._fetch(cursor)
        fresh, self._read = rows[self._read :], len(rows)
        fresh.sort(key=lambda row: row[0])
        return [Statement(float(at), backend, text) for at, backend, text in fresh]

    def _fetch(self, cursor: Cursor) -> list[tuple[Any, ...]]:
        cursor.execute(_READ, [self._pattern])
        return list(cursor.fetchall())
