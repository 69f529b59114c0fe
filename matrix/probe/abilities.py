"""What SQLAlchemy and the driver of a stack can do, found out by doing it; the server is the witness's to ask."""

import os

from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.orm import Session

from matrix.probe.losing import notice_loss

# AsyncConnection has no begin_twophase, and when a driver hears of a lost connection is its event loop's chance
ASYNCHRONOUS = {"lost_connections_noticed": False, "two_phase": False}


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


def commit_in_two_phases(engine):
    """Prepare a transaction of a Connection and roll it back."""
    with engine.connect() as connection:
        transaction = connection.begin_twophase(xid="%s_probe" % engine.url.database)
        transaction.prepare()
        transaction.rollback()
    return True
