"""The server's own id of a DBAPI connection: what joins client events to the server's log."""


def find_backend(dbapi_connection):
    """Return the backend id (PostgreSQL process id, MySQL thread id) or None when the driver hides it."""
    for candidate in (dbapi_connection, getattr(dbapi_connection, "_connection", None)):
        if candidate is None:
            continue
        for read in READERS:
            try:
                number = read(candidate)
            except Exception:  # noqa: S112  a closed connection, another driver's attribute: try the next way
                continue
            if isinstance(number, int):
                return number
    return None


READERS = (
    lambda connection: connection.get_backend_pid(),  # psycopg2
    lambda connection: connection.info.backend_pid,  # psycopg 3
    lambda connection: connection.get_server_pid(),  # asyncpg
    lambda connection: connection.thread_id(),  # PyMySQL, mysqlclient, aiomysql, asyncmy
    lambda connection: connection.connection_id,  # mysql-connector-python
    lambda connection: int.from_bytes(connection._backend_key_data[:4], "big"),  # pg8000
)


def dbapi_connection_of(connection):
    """Return the DBAPI connection below a SQLAlchemy Connection, on every line from 1.3.

    None when the server has ended it: to ask SQLAlchemy then would connect anew, or raise inside the application.
    """
    if connection.invalidated:
        return None
    proxied = connection.connection
    return getattr(proxied, "dbapi_connection", None) or getattr(proxied, "connection", None) or proxied
