"""The client's side of a cell's timeline: what SQLAlchemy's pool and engine events say.

raw_connection() and driver-level commits raise no engine event; those are seen in the server's own log.
"""

import re
import time

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from matrix.probe.backends import dbapi_connection_of, find_backend, identify
from matrix.probe.work import Work

LONGEST_TEXT = 300
MOST_EVENTS = 400


class Timeline(object):
    """Records the events of the running cell, a lane per DBAPI connection."""

    def __init__(self):
        self.events = []
        self.phase = "setup"
        self._began = None
        self._lanes = {}
        self._made = 0
        self._checked_out = {}
        self.work = Work()
        self._listen()

    def start(self):
        """Begin a new cell; returns the moment, from which both sides of the timeline count (epoch, seconds)."""
        self.events = []
        self._lanes = {}
        self._made = 0
        self.work.start()
        self._began = time.time()
        return self._began

    def begin_phase(self, phase):
        """Begin setup, call or teardown; returns when that was, seconds since the cell began."""
        self.phase = phase
        return round(time.time() - self._began, 6)

    def stop(self):
        """End the cell; returns its duration in seconds."""
        duration = time.time() - self._began
        self._began = None
        return duration

    def count_checked_out(self):
        """Return how many connections are checked out of any pool of this process."""
        return sum(1 for count in self._checked_out.values() if count > 0)

    def _record(self, dbapi_connection, name, text=""):
        if self._began is None or dbapi_connection is None:
            return
        self.work.count(name, text)
        if len(self.events) >= MOST_EVENTS:
            return
        key = identify(dbapi_connection)
        if key not in self._lanes:
            self._made += 1  # a lane that is over stays in the timeline: its number is not given again
            self._lanes[key] = (self._made, find_backend(dbapi_connection))
        lane, backend = self._lanes[key]
        self.events.append(
            {
                "at": round(time.time() - self._began, 6),
                "lane": lane,
                "backend": backend,
                "source": "client",
                "event": name,
                "text": " ".join(text.split())[:LONGEST_TEXT],
                "phase": self.phase,
            }
        )

    # pool events

    def _connected(self, dbapi_connection, record):
        self._lanes.pop(identify(dbapi_connection), None)  # of one that was at this place in memory and went without a word
        self._record(dbapi_connection, "connect")

    def _checkout(self, dbapi_connection, record, proxy):
        self._checked_out[id(record)] = 1
        self._record(dbapi_connection, "checkout")

    def _checkin(self, dbapi_connection, record):
        self._checked_out.pop(id(record), None)
        if dbapi_connection is not None:
            self._record(dbapi_connection, "checkin")

    def _closed(self, dbapi_connection, record):
        self._record(dbapi_connection, "close")
        self._lanes.pop(identify(dbapi_connection), None)

    # engine events

    def _on(self, name, text_of=None):
        def record(connection, *arguments):
            self._record(dbapi_connection_of(connection), name, text_of(*arguments) if text_of else "")

        return record

    def _listen(self):
        event.listen(Pool, "connect", self._connected)
        event.listen(Pool, "checkout", self._checkout)
        event.listen(Pool, "checkin", self._checkin)
        event.listen(Pool, "close", self._closed)
        for name in ("begin", "commit", "rollback"):
            event.listen(Engine, name, self._on(name))
        event.listen(Engine, "savepoint", self._on("savepoint", lambda name: name or ""))
        event.listen(Engine, "release_savepoint", self._on("release", lambda name, context: str(name)))
        event.listen(Engine, "rollback_savepoint", self._on("rollback_to", lambda name, context: str(name)))
        event.listen(Engine, "begin_twophase", self._on("begin", lambda xid: "two-phase"))
        event.listen(Engine, "commit_twophase", self._on("commit", lambda xid, prepared: "two-phase"))
        event.listen(Engine, "rollback_twophase", self._on("rollback", lambda xid, prepared: "two-phase"))
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "handle_error", self._error)

    def _statement(self, connection, cursor, statement, parameters, context, executemany):
        if re.match(r"(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO)\b", statement):
            return  # the savepoint events have said it
        self._record(dbapi_connection_of(connection), "statement", statement)

    def _error(self, context):
        if context.connection is not None and not context.connection.closed:
            error = "%s: %s" % (type(context.original_exception).__name__, context.original_exception)
            self._record(dbapi_connection_of(context.connection), "error", error)
