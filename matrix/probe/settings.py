"""Session settings that a connection carries back into its pool: nobody outside can see them.

A connection is looked at when it returns to a pool, after the pool's own reset, and only if somebody
set something on it or used it past the engine. What it carried is gone when it is closed before the cell's
end. The first connection of the process is the measure.
"""

import re

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from matrix.probe.backends import dbapi_connection_of, is_in_transaction
from matrix.probe.mark import MARK

# a list of queries: what the first one tells and the others do not
QUERIES = {
    # transaction_isolation and its like are those of the transaction that asks
    "postgresql": ["SELECT name, setting FROM pg_settings WHERE source = 'session' AND name NOT LIKE 'transaction%' " + MARK],
    # SESSION also lists what is global only, and that another session may change at any time
    "mysql": ["SHOW SESSION VARIABLES " + MARK, "SHOW GLOBAL VARIABLES " + MARK],
}
SETS = re.compile(r"\s*(SET\b(?!\s+(TRANSACTION|CONSTRAINTS|LOCAL)\b)|RESET\b|SELECT\s+(pg_catalog\.)?set_config\b)", re.I)
# they change by themselves, or belong to the whole server, whose statement log other witnesses turn on and off
VOLATILE = frozenset(
    "error_count warning_count identity insert_id last_insert_id timestamp rand_seed1 rand_seed2 pseudo_thread_id "
    "general_log in_transaction last_gtid statement_id gtid_seq_no gtid_domain_id skip_parallel_replication transaction_allow_batching "
    "general_log log_output".split()
)


class SessionSettings(object):
    """Remembers what every connection of this process starts with, and finds what differs at check-in."""

    def __init__(self, kind):
        self._queries = QUERIES[kind]
        self._measure = None
        self._suspects = set()
        self._found = []
        event.listen(Pool, "checkout", self._checkout)
        event.listen(Pool, "checkin", self._checkin)
        event.listen(Pool, "close", self._close)
        event.listen(Engine, "engine_connect", self._engine_connect)
        event.listen(Engine, "before_cursor_execute", self._statement)

    def take(self):
        """Return the settings found since the last call (list of dicts), and forget them.

        What a connection carried that has been closed since went with it.
        """
        found, self._found = self._found, []
        return [setting for _, setting in found]

    def _checkout(self, dbapi_connection, record, proxy):
        if self._measure is None:
            self._measure = self._read(dbapi_connection)
        self._suspects.add(id(dbapi_connection))  # until an engine says that the connection is its own

    def _engine_connect(self, connection, *branch):
        self._suspects.discard(id(dbapi_connection_of(connection)))

    def _statement(self, connection, cursor, statement, parameters, context, executemany):
        if SETS.match(statement):
            self._suspects.add(id(dbapi_connection_of(connection)))

    def _checkin(self, dbapi_connection, record):
        if dbapi_connection is None or id(dbapi_connection) not in self._suspects:
            return
        self._suspects.discard(id(dbapi_connection))
        now = self._read(dbapi_connection)
        if now is None:
            return
        for name in sorted(set(now) | set(self._measure or {})):
            before, after = (self._measure or {}).get(name, "unset"), now.get(name, "unset")
            if before != after:
                detail = "%s before, %s after" % (before, after)
                setting = {"kind": "session_setting", "object": name, "detail": detail, "count": 1, "seen_by": "probe"}
                self._found.append((id(dbapi_connection), setting))

    def _close(self, dbapi_connection, record):
        self._found = [(carrier, setting) for carrier, setting in self._found if carrier != id(dbapi_connection)]

    def _read(self, dbapi_connection):
        # a fixture below SQLAlchemy may keep its transaction open over check-in: it is not ours to end
        ends = not is_in_transaction(dbapi_connection)
        try:
            tables = [self._ask(dbapi_connection, query) for query in self._queries]
            if ends:
                dbapi_connection.rollback()
        except Exception:  # a connection that has died carries nothing back
            return None
        told = set(tables[0].items()).difference(*[table.items() for table in tables[1:]])
        return {name: value for name, value in told if name not in VOLATILE}

    def _ask(self, dbapi_connection, query):
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute(query)
            return {str(row[0]): str(row[1]) for row in cursor.fetchall()}
        finally:
            cursor.close()
