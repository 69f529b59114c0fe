"""Servers: four ways to get one, the same face for all of them.

`start_server(row)` tries the ways in order and returns the first server that is the row's
product in its major version. Whatever we started ends with us, however we end.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence

from matrix.plan.rows import Database
from matrix.servers import container, embedded, local, url
from matrix.servers.server import LogUnavailable, Server, ServerUnavailable, WayUnavailable

__all__ = ["WAYS", "LogUnavailable", "Server", "ServerUnavailable", "WayUnavailable", "identify_server", "start_server"]

STARTERS = {"url": url.start, "container": container.start, "local": local.start, "embedded": embedded.start}
IDENTIFIERS = {"url": url.identify, "container": container.identify, "local": local.identify, "embedded": embedded.identify}
WAYS = tuple(STARTERS)
_started: list[Server] = []
_changing = threading.Lock()


def start_server(database: Database, ways: Sequence[str] = WAYS) -> Server:
    """Return a running server for the row, by the first of `ways` that gives one.

    Raises ServerUnavailable, whose text says for each way why not, and ValueError for a
    way that does not exist. Stop the server when done; at the latest it ends with this process.
    """
    unknown = [way for way in ways if way not in STARTERS]
    if unknown:
        raise ValueError(f"unknown way to get a server: {', '.join(unknown)}; there are {', '.join(WAYS)}")
    attempts: list[tuple[str, str]] = []
    for way in ways:
        try:
            server = STARTERS[way](database)
        except WayUnavailable as reason:
            attempts.append((way, str(reason)))
            if reason.final:
                break
        except OSError as error:  # a full disk, a cache that cannot be written
            attempts.append((way, f"{error}"))
        else:
            with _changing:
                _started.append(server)
            return server
    raise ServerUnavailable(database, attempts)


def identify_server(database: Database, ways: Sequence[str] = WAYS) -> str:
    """Return what tells the server that `start_server` would give from any other: its way, build and, of a given one, settings.

    Starts and downloads nothing. What cannot be told without doing so is "absent", which is like nothing that ever ran.
    """
    for way in ways:
        try:
            return f"{way} {IDENTIFIERS[way](database)}"
        except (WayUnavailable, OSError) as reason:
            if getattr(reason, "final", False):
                break
    return "absent"


@atexit.register
def _stop_all() -> None:
    """Wait for the servers to be gone before we are; the keeper would end them just after."""
    with _changing:
        servers = _started[:]
    for server in servers:
        server.stop()
