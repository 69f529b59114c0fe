"""Connections that the thread of the tests has checked out: while it stands still, nothing that they hold passes."""

import threading

from sqlalchemy import event
from sqlalchemy.pool import Pool

from matrix.probe.backends import find_backend


class Staying(object):
    """Knows by which thread each connection was checked out, and which backend serves it."""

    def __init__(self):
        self._held = {}
        event.listen(Pool, "checkout", self._checkout)
        for name in ("checkin", "detach", "close"):
            event.listen(Pool, name, self._leave)

    def list_backends(self):
        """Return the backends of the connections that this very thread has checked out."""
        here = threading.get_ident()
        return sorted(backend for thread, backend in list(self._held.values()) if thread == here and backend is not None)

    def _checkout(self, dbapi_connection, record, proxy):
        self._held[id(record)] = (threading.get_ident(), find_backend(dbapi_connection))

    def _leave(self, dbapi_connection, record):
        self._held.pop(id(record), None)
