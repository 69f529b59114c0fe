"""What a DBAPI connection tells of its session on the server, whatever the driver calls it."""


def find_backend(dbapi_connection):
    """Return the backend id (PostgreSQL process id, MySQL thread id) or None when the driver hides it.

    It is what joins client events to the server's log.
    """
    number = ask_driver(dbapi_connection, READERS)
    return number if isinstance(number, int) else None


def list_backends(dbapi_connections):
    """Return the backend ids of those connections whose driver tells."""
    backends = [find_backend(dbapi_connection) for dbapi_connection in dbapi_connections]
    return [backend for backend in backends if backend is not None]


def is_in_transaction(dbapi_connection):
    """Say whether the server has a transaction open on it; False when the driver does not tell (mysqlclient)."""
    return bool(ask_driver(dbapi_connection, STATES))


def ask_driver(dbapi_connection, ways):
    """Return what the first way that this driver knows answers, or None."""
    for candidate in (dbapi_connection, getattr(dbapi_connection, "_connection", None)):
        if candidate is None:
            continue
        for ask in ways:
            try:
                return ask(candidate)
            except Exception:  # noqa: S112  a closed connection, another driver's attribute: try the next way
                continue
    return None


READERS = (
    lambda connection: connection.get_backend_pid(),  # psycopg2
    lambda connection: connection.info.backend_pid,  # psycopg 3
    lambda connection: connection.get_server_pid(),  # asyncpg
    lambda connection: connection.thread_id(),  # PyMySQL, mysqlclient, aiomysql, asyncmy
    lambda connection: connection.connection_id,  # mysql-connector-python
    lambda connection: int.from_bytes(connection._backend_key_data[:4], "big"),  # pg8000
)

STATES = (
    lambda connection: connection.get_transaction_status(),  # psycopg2, 0 when idle
    lambda connection: connection.info.transaction_status,  # psycopg 3, 0 when idle
    lambda connection: connection.is_in_transaction(),  # asyncpg
    lambda connection: connection.server_status & 1,  # PyMySQL, aiomysql, asyncmy: SERVER_STATUS_IN_TRANS
    lambda connection: connection.in_transaction,  # mysql-connector-python
    lambda connection: connection._in_transaction,  # pg8000
)


def dbapi_connection_of(connection):
    """Return the DBAPI connection below a SQLAlchemy Connection, on every line from 1.3.

    None when the server has ended it: to ask SQLAlchemy then would connect anew, or raise inside the application.
    """
    if connection.invalidated:
        return None
    proxied = connection.connection
    return getattr(proxied, "dbapi_connection", None) or getattr(proxied, "connection", None) or proxied


def identify(dbapi_connection):
    """Return what tells a DBAPI connection from others, whether wrapped or not."""
    return id(getattr(dbapi_connection, "dbapi_connection", dbapi_connection))
