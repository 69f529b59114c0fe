"""Runs inside a stack: the same work as a case sees it and as awaited code, on sessions that a recipe has changed.

Prints, as JSON, what each way left in the database and called on the AsyncSession.
"""

import asyncio
import json
import os
import sys

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.util import greenlet_spawn

sys.path.insert(0, os.environ["MATRIX_ROOT"])

from cases.sample import Base, Customer
from matrix.probe.awaiting import show


def work_as_case(session):
    session.add(Customer(name="committed"))
    session.commit()
    with session.begin_nested():
        session.add(Customer(name="in a savepoint"))
    savepoint = session.begin_nested()
    session.add(Customer(name="in a savepoint, undone"))
    session.flush()
    savepoint.rollback()
    session.connection().execute(text("INSERT INTO customers (name, credit) VALUES ('by the connection', 0)"))
    session.commit()
    session.add(Customer(name="rolled back"))
    session.flush()
    session.rollback()
    session.close()


async def work_awaited(session):
    session.add(Customer(name="committed"))
    await session.commit()
    async with session.begin_nested():
        session.add(Customer(name="in a savepoint"))
    savepoint = await session.begin_nested()
    session.add(Customer(name="in a savepoint, undone"))
    await session.flush()
    await savepoint.rollback()
    connection = await session.connection()
    await connection.execute(text("INSERT INTO customers (name, credit) VALUES ('by the connection', 0)"))
    await session.commit()
    session.add(Customer(name="rolled back"))
    await session.flush()
    await session.rollback()
    await session.close()


def leave_alone(session, calls):
    pass


def replace_commit_by_flush(session, calls):
    session.commit = session.flush


def record_calls(session, calls):
    for name in ("commit", "rollback", "close", "flush"):
        setattr(session, name, record(name, getattr(session, name), calls))


def record(name, method, calls):
    async def recorded():
        calls.append(name)
        await method()

    return recorded


async def observe(engine, way, change):
    """Return what is in the table after the work, and the calls that reached the AsyncSession's own methods."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    calls = []
    session = AsyncSession(bind=engine, expire_on_commit=False)
    change(session, calls)
    if way == "case":
        await greenlet_spawn(work_as_case, show(session))
    else:
        await work_awaited(session)
    await AsyncSession.close(session)
    async with engine.begin() as connection:
        rows = await connection.execute(text("SELECT name FROM customers ORDER BY name"))
        left = [row[0] for row in rows]
        await connection.run_sync(Base.metadata.drop_all)
    return {"left": left, "calls": calls}


async def main():
    engine = create_async_engine(os.environ["MATRIX_DATABASE_URL"])
    changes = (leave_alone, replace_commit_by_flush, record_calls)
    print(json.dumps({change.__name__: {way: await observe(engine, way, change) for way in ("case", "awaited")} for change in changes}))
    await engine.dispose()


asyncio.run(main())
