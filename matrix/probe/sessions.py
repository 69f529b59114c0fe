"""Sessions in which a wider fixture has begun a savepoint: their transaction outlives the test by design.

Such a session asks for a connection with its first statement, which is a test's: only the session tells whose it is.
"""

import weakref

from sqlalchemy import event
from sqlalchemy.orm import Session

from matrix.probe.backends import dbapi_connection_of, list_backends


class SessionWatch(object):
    """Knows which sessions are in a savepoint of their own (Session.begin_nested)."""

    def __init__(self):
        self._nested = weakref.WeakKeyDictionary()
        self._held = weakref.WeakSet()
        event.listen(Session, "after_transaction_create", self._created)
        event.listen(Session, "after_transaction_end", self._ended)

    def remember(self):
        """Take those that are in a savepoint now: no test has begun yet."""
        self._held = weakref.WeakSet(session for session, count in self._nested.items() if count > 0)

    def has_held(self):
        """Return whether (bool) a wider fixture has such a session, whatever became of its connection."""
        return len(self._held) > 0

    def list_held(self):
        """Return the backend ids of the connections that the remembered sessions have in their transactions."""
        connections = [connection for session in self._held for connection in list_connections(session)]
        return list_backends(dbapi_connection_of(connection) for connection in connections if not connection.closed)

    def _created(self, session, transaction):
        if transaction.nested:
            self._nested[session] = self._nested.get(session, 0) + 1

    def _ended(self, session, transaction):
        if transaction.nested:
            self._nested[session] = self._nested.get(session, 0) - 1


def list_connections(session):
    """Return the Connections of a session's transactions, on every line from 1.3."""
    transaction = getattr(session, "_transaction", None) or getattr(session, "transaction", None)
    found = []
    while transaction is not None:
        found += [entry[0] for entry in transaction._connections.values()]
        transaction = transaction._parent
    return found
