# /// script
# dependencies = ["pytest", "pytest-asyncio", "SQLAlchemy>=2.0"]
# [tool.isolation-matrix]
# driver = "async"
# ///
"""The fixture that the mutants of this folder have a bug in. They override ``engine``, ``session_factory`` or ``session``."""
import pytest_asyncio
from restoring import look_at, restore_all
from sqlalchemy.engine.url import make_url

from fixtures.asyncio.conftest import (  # noqa: F401  the sample application, found here by pytest
    adapt_case,
    app,
    engine_for,
    metadata,
    seeded_customer,
    session,
    session_factory,
)


@pytest_asyncio.fixture
async def engine(database_url, engine_for, metadata):
    """The application's engine, a new one for every test; then the database holds what it held."""
    cleaner = engine_for(make_url(database_url).database)
    async with cleaner.begin() as connection:
        before = await connection.run_sync(look_at, metadata)
    engine = engine_for(make_url(database_url).database)
    yield engine
    await engine.dispose()
    async with cleaner.begin() as connection:
        after = await connection.run_sync(look_at, metadata)
        await connection.run_sync(restore_all, before, after)
    await cleaner.dispose()
