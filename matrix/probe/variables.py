"""Variables and settings that a test sets on a pooled connection and that the connection takes back into its pool.

Each connection is asked, when it returns, for what was set on it by name, and answers for the last test alone.
"""

import re

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from matrix.probe.backends import dbapi_connection_of, is_in_transaction
from matrix.probe.mark import MARK

POSTGRESQL = (
    re.compile(r"\bset_config\(\s*'([\w.]+)'", re.I),
    re.compile(r"^\s*SET\s+(?:SESSION\s+)?(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b|SESSION\b)([\w.]+)\s*(?:=|\bTO\b)", re.I),
)
MYSQL = (re.compile(r"@(?!@)(\w+)\s*:?=", re.I), re.compile(r"^\s*SET\s+(?:SESSION\s+|@@SESSION\.|@@)(?!TRANSACTION\b)(\w+)\s*=", re.I))


class Variables(object):
    """Watches what is set by statements, in every engine of the process."""

    def __init__(self):
        self._set = {}
        self._found = {}
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Pool, "checkin", self._checkin)
        event.listen(Pool, "close", self._close)

    def take(self):
        """Return what connections in their pools carry since the last call (list of dicts)."""
        found, self._found = self._found, {}
        return [
            {"kind": "session_setting", "object": name, "detail": "%s before, %s after" % (before, after), "count": 1, "seen_by": "probe"}
            for (_, name), (before, after) in sorted(found.items(), key=lambda pair: pair[0][1])
        ]

    def _statement(self, connection, cursor, statement, parameters, context, executemany):
        if "SET" not in statement and "set" not in statement and "@" not in statement:
            return
        kind = connection.dialect.name
        patterns = POSTGRESQL if kind == "postgresql" else MYSQL if kind in ("mysql", "mariadb") else ()
        for place, pattern in enumerate(patterns):
            for name in pattern.findall(statement):
                self._note(connection, kind, ("@" if patterns is MYSQL and place == 0 else "") + name)

    def _note(self, connection, kind, name):
        dbapi_connection = dbapi_connection_of(connection)
        names = self._set.setdefault(id(dbapi_connection), (kind, {}))[1]
        if name not in names:
            names[name] = self._read(dbapi_connection, kind, name)

    def _checkin(self, dbapi_connection, record):
        if dbapi_connection is None or id(dbapi_connection) not in self._set:
            return
        kind, names = self._set.pop(id(dbapi_connection))
        begun = is_in_transaction(dbapi_connection)
        for name, before in names.items():
            after = self._read(dbapi_connection, kind, name)
            if after != before:
                first = self._found.get((id(dbapi_connection), name), (before, ""))[0]
                self._found[id(dbapi_connection), name] = (first, after)
                if first == after:
                    del self._found[id(dbapi_connection), name]
        if not begun:
            try:
                dbapi_connection.rollback()
            except Exception:  # a connection that has died carries nothing back
                self._close(dbapi_connection, record)

    def _close(self, dbapi_connection, record):
        self._set.pop(id(dbapi_connection), None)
        self._found = {key: value for key, value in self._found.items() if key[0] != id(dbapi_connection)}

    def _read(self, dbapi_connection, kind, name):
        if kind == "postgresql":
            query = "SELECT current_setting('%s', true) %s" % (name, MARK)
        else:
            query = "SELECT %s %s" % (name if name.startswith("@") else "@@SESSION." + name, MARK)
        try:
            cursor = dbapi_connection.cursor()
            try:
                cursor.execute(query)
                value = cursor.fetchone()[0]
            finally:
                cursor.close()
        except Exception:  # a failed transaction, a closed connection: nothing can be said
            return "unset"
        return "unset" if value in (None, "", b"") else str(value)
