"""What SQLAlchemy and the driver of a stack can do, found out by looking; the server is the witness's to ask."""
import os

from sqlalchemy import create_engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.engine.url import make_url
from sqlalchemy.orm import Session


def find_abilities():
    """Return what this stack's SQLAlchemy and driver can do (dict: name of a capability to bool)."""
    dialect = make_url(os.environ["MATRIX_DATABASE_URL"]).get_dialect()
    is_async = bool(getattr(dialect, "is_async", False))
    return {
        "asyncio": is_async,
        "threads": not is_async,  # an asynchronous session cannot leave its event loop
        "lazy_loading": not is_async,
        "begin_block": not begins_when_made(),
        "commit_as_you_go": is_async or has_commit(),
        # AsyncConnection has no begin_twophase
        "two_phase": not is_async and dialect.do_begin_twophase is not getattr(Dialect, "do_begin_twophase", None),
    }


def begins_when_made():
    """Say whether a session is in a transaction from the start: SQLAlchemy 1.3, where begin() is then refused."""
    return not hasattr(Session, "in_transaction")


def has_commit():
    """Say whether a Connection ends its transaction by commit(), as of 2.0 and of 1.4 when asked to be like it."""
    options = {"future": True} if os.environ.get("MATRIX_MODE") == "future" else {}
    with create_engine("sqlite://", **options).connect() as connection:
        return hasattr(connection, "commit")
