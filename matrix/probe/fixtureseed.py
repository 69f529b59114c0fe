"""Executes a statement in a connection of its own, committed, as a script beside the application does."""

import os

from sqlalchemy import create_engine


def execute(kind, make_statement):
    """Execute what ``make_statement`` makes of the table of customers, through a driver of the fixture's kind."""
    from cases.sample import Customer

    statement, url = make_statement(Customer.__table__), os.environ["MATRIX_DATABASE_URL"]
    if kind.startswith("async"):
        run_apart(execute_asynchronously(url, statement))
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()


async def execute_asynchronously(url, statement):
    """The same through an asynchronous engine."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(statement)
    await engine.dispose()


def run_apart(coroutine):
    """Run the coroutine in a loop of its own, which no test and no plugin gets to see."""
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()
