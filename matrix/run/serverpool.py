"""The servers of a run: each started once, when the first stack asks for it, and shared by all."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from matrix.plan.rows import Database
from matrix.servers import Server, ServerUnavailable, start_server


class ServerPool:
    """Starts servers on demand and stops all of them at the end; thread-safe; a context manager."""

    def __init__(self, ways: Sequence[str]) -> None:
        self._ways = ways
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._servers: dict[str, Server | ServerUnavailable] = {}

    def __enter__(self) -> ServerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            if isinstance(server, Server):
                server.stop()

    def take(self, database: Database) -> Server:
        """Return the running server of a row; raises ServerUnavailable, the same for all who ask."""
        with self._guard:
            lock = self._locks.setdefault(database.id, threading.Lock())
        with lock:
            if database.id not in self._servers:
                self._servers[database.id] = self._start(database)
        found = self._servers[database.id]
        if isinstance(found, ServerUnavailable):
            raise found
        return found

    def _start(self, database: Database) -> Server | ServerUnavailable:
        try:
            return start_server(database, self._ways)
        except ServerUnavailable as error:
            return error
