"""Does once, before anything is forked, what every child would do for the first time: a child of a warm process is warm.

SQLAlchemy, the driver and `re` remember what they have imported, compiled and looked up; without this, the first cell of
every child took five times as long as the next one. A table of its own, a model of its own, an engine of its own: all
are gone before the schema is built, and no recipe and no case meets them.
"""

import os
from typing import Any

from sqlalchemy import Column, Integer, String, create_engine, event, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.orm import Session

try:
    from sqlalchemy.orm import declarative_base
except ImportError:  # SQLAlchemy 1.3
    from sqlalchemy.ext.declarative import declarative_base


def rehearse():
    """Work as an application does, on the stack's own database."""
    url = os.environ["MATRIX_DATABASE_URL"]
    if getattr(make_url(url).get_dialect(), "is_async", False):
        import asyncio

        asyncio.run(rehearse_asynchronously(url))
    else:
        engine = create_engine(url, future=True) if os.environ["MATRIX_MODE"] == "future" else create_engine(url)
        with engine.connect() as connection:
            play(connection)
        engine.dispose()


async def rehearse_asynchronously(url):
    """The same through an asynchronous engine."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(play)
    await engine.dispose()


def play(connection):
    """Write, read, refuse, release, roll back and commit, and leave nothing."""
    base: Any = declarative_base()

    class Rehearsed(base):
        __tablename__ = "rehearsed"
        id = Column(Integer, primary_key=True)
        name = Column(String(60), nullable=False, unique=True)
        credit = Column(Integer, nullable=False, default=0)

    base.metadata.create_all(connection)
    commit(connection)
    session = Session(bind=connection)
    event.listen(session, "after_transaction_end", lambda session, transaction: None)
    savepoint = session.begin_nested()
    row = Rehearsed(name="a")
    session.add(row)
    session.flush()
    row.credit = 1
    savepoint.commit()
    session.begin_nested().rollback()
    session.add(Rehearsed(name="a"))
    try:
        session.flush()
    except Exception:
        session.rollback()
    session.add(Rehearsed(name="b"))
    session.commit()
    session.query(Rehearsed).filter(Rehearsed.name.like("b%")).count()
    session.delete(session.query(Rehearsed).one())
    session.execute(text("SELECT 1"))
    session.commit()
    session.close()
    base.metadata.drop_all(connection)
    commit(connection)


def commit(connection):
    """Commit what a connection of SQLAlchemy 2 has begun by itself; older ones commit DDL by themselves."""
    if hasattr(connection, "commit"):
        connection.commit()
