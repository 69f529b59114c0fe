"""What SQLAlchemy and the driver of a stack can do, found out by doing it; the server is the witness's to ask."""
import os
import socket

from sqlalchemy import create_engine, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

WHO = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}
# AsyncConnection has no begin_twophase, and when a driver hears of a lost connection is its event loop's chance
ASYNCHRONOUS = {"lost_connections_noticed": False, "two_phase": False}
ATTEMPTS = 4
MOST_DESCRIPTORS = 256


def find_abilities():
    """Return what this stack's SQLAlchemy and driver can do (dict: name of a capability to bool)."""
    url = os.environ["MATRIX_DATABASE_URL"]
    is_async = bool(getattr(make_url(url).get_dialect(), "is_async", False))
    found = {
        "asyncio": is_async,
        "threads": not is_async,  # an asynchronous session cannot leave its event loop
        "lazy_loading": not is_async,
        "begin_block": hasattr(Session, "in_transaction"),  # before 1.4 a session is begun from the start
        "commit_as_you_go": is_async or has_commit(),
    }
    found.update(ASYNCHRONOUS if is_async else try_driver(create_engine(url)))
    return found


def has_commit():
    """Say whether a Connection ends its transaction by commit(), as of 2.0 and of 1.4 when asked to be like it."""
    options = {"future": True} if os.environ.get("MATRIX_MODE") == "future" else {}
    with create_engine("sqlite://", **options).connect() as connection:
        return hasattr(connection, "commit")


def try_driver(engine):
    """Return what the driver can do, by name; it leaves neither a connection nor anything in the database."""
    try:
        return {"lost_connections_noticed": does(notice_loss, engine), "two_phase": does(commit_in_two_phases, engine)}
    finally:
        engine.dispose()


def does(attempt, engine):
    """Say whether the attempt came to its end; drivers that cannot do it raise whatever they like."""
    try:
        return attempt(engine)
    except Exception:
        return False


def notice_loss(engine):
    """Say whether SQLAlchemy takes a connection for lost whatever way it went, so that the pool connects anew.

    Some drivers do when they read the server's farewell and do not when the socket breaks: chance decides which.
    """
    ways = [cut_socket] + [end_by_server] * ATTEMPTS
    return all(is_noticed(engine, lose) for lose in ways)


def is_noticed(engine, lose):
    """Say whether SQLAlchemy notices that the connection was lost."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        lose(engine, connection)
        try:
            connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            return bool(error.connection_invalidated)
    return False


def end_by_server(engine, connection):
    """Have the server end the connection, as the cases do."""
    from cases.sample import end_backend

    backend = connection.execute(text(WHO[engine.dialect.name])).scalar()
    with engine.connect() as other:
        end_backend(other, engine.dialect.name, backend)


def cut_socket(engine, connection):
    """Shut down every connection of this process to the server's port, below the driver."""
    for number in range(3, MOST_DESCRIPTORS):
        try:
            with socket.socket(fileno=os.dup(number)) as twin:
                if twin.getpeername()[1] == engine.url.port:
                    twin.shutdown(socket.SHUT_RDWR)
        except (OSError, IndexError):  # no descriptor, no socket, or not one of the internet
            continue


def commit_in_two_phases(engine):
    """Prepare a transaction of a Connection and roll it back."""
    with engine.connect() as connection:
        transaction = connection.begin_twophase(xid="%s_probe" % engine.url.database)
        transaction.prepare()
        transaction.rollback()
    return True
