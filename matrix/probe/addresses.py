"""Which database a connection goes to, learned from SQLAlchemy's own connect events, whatever started the database."""

import threading

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from matrix.probe.backends import find_backend

NAMES = {
    "host": ("host", "unix_socket"),
    "port": ("port",),
    "user": ("user",),
    "password": ("password", "passwd"),
    "database": ("database", "dbname", "db"),
}
FIELDS = tuple(NAMES)


class Addresses(object):
    """Calls `tell` once for every database that this process connects to, at its first connection."""

    def __init__(self, tell):
        self._tell = tell
        self._asked = threading.local()
        self.known = set()
        self.others = set()
        self.connections = 0
        self.tried = 0
        self.of_backend = {}
        self._newest = None
        event.listen(Engine, "do_connect", self._connecting)
        event.listen(Pool, "connect", self._connected)

    def _connecting(self, dialect, record, arguments, parameters):
        self.tried += 1
        self._asked.last = (dialect.name, dict(parameters))

    def _connected(self, dbapi_connection, record):
        dialect, parameters = getattr(self._asked, "last", None) or (None, {})
        self._asked.last = None
        address = describe(dbapi_connection, parameters)
        kind = name_kind(dialect, dbapi_connection)
        self.connections += 1
        if kind is None:
            self.others.add(dialect or type(dbapi_connection).__module__.split(".")[0])
            return
        key = (kind, address["host"], address["port"], address["user"], address["database"])
        backend = find_backend(dbapi_connection)
        if key not in self.known:
            self.known.add(key)
            self._tell(dict(address, kind=kind, backend=backend))
        if backend is not None:
            self.of_backend[backend] = address["database"]

    def forget(self, database):
        """Have a database told again at its next connection: it is about to be dropped or made anew."""
        self.known = {key for key in self.known if key[4] != database}


def describe(dbapi_connection, parameters):
    """Return host, port, user, password and database (dict); from what was asked for, else from the connection itself."""
    found = {}
    for field in FIELDS:
        value = next((parameters[name] for name in NAMES[field] if parameters.get(name) is not None), None)
        found[field] = value if value is not None else ask_connection(dbapi_connection, field)
    for field in FIELDS:
        if isinstance(found[field], bytes):
            found[field] = found[field].decode("utf-8", "replace")
    found["host"] = found["host"] or "127.0.0.1"
    found["port"] = int(found["port"]) if found["port"] else None
    return found


def ask_connection(dbapi_connection, field):
    """Return what the driver remembers of its own arguments; None when it hides them."""
    for candidate in (dbapi_connection, getattr(dbapi_connection, "_connection", None), getattr(dbapi_connection, "info", None)):
        for name in NAMES[field]:
            for attribute in (name, "_" + name):
                try:
                    value = getattr(candidate, attribute, None)
                except Exception:  # noqa: S112  a driver that reads it from a closed connection
                    continue
                if isinstance(value, (str, bytes, int)) and value not in ("", b""):
                    return value
    return None


def name_kind(dialect, dbapi_connection):
    """Return postgresql or mysql, None for what the examiner does not know."""
    text = dialect or type(dbapi_connection).__module__.lower()
    if any(word in text for word in ("postgres", "psycopg", "asyncpg", "pg8000", "cockroach")):
        return None if "cockroach" in text else "postgresql"
    return "mysql" if any(word in text for word in ("mysql", "mariadb", "asyncmy")) else None
