"""Connections on which SQLAlchemy has begun a transaction: drivers send BEGIN with the first statement, later."""

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from matrix.probe.backends import dbapi_connection_of, identify, list_backends


class BegunTransactions(object):
    """Knows which transactions have begun and not ended, as SQLAlchemy's own events say."""

    def __init__(self):
        self._begun = {}
        for name in ("begin", "begin_twophase"):
            event.listen(Engine, name, self._note_begun)
        for name in ("commit", "rollback", "commit_twophase", "rollback_twophase"):
            event.listen(Engine, name, self._note_ended)
        for name in ("checkin", "close"):
            event.listen(Pool, name, self._note_returned)

    def list_backends(self):
        """Return the backend ids of their connections."""
        return list_backends(self._begun.values())

    def _note_begun(self, connection, xid=None):
        dbapi_connection = dbapi_connection_of(connection)
        if dbapi_connection is not None:
            self._begun[identify(dbapi_connection)] = dbapi_connection

    def _note_ended(self, connection, xid=None, prepared=None):
        self._note_returned(dbapi_connection_of(connection), None)

    def _note_returned(self, dbapi_connection, record):
        if dbapi_connection is not None:
            self._begun.pop(identify(dbapi_connection), None)
