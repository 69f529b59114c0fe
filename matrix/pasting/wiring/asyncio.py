"""What a recipe of this family needs around it in a project of your own: the complete conftest.py takes from here what the recipe uses."""
import asyncio
import os

import pytest
import pytest_asyncio
from sqlalchemy.engine.url import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker

from models import Base  # CHANGE THIS LINE: where the base class of your models is


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest_asyncio.fixture
async def engine(database_url):
    engine = create_async_engine(database_url)  # one for each test, as each has an event loop of its own
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def engine_for(database_url):
    return lambda database: create_async_engine(make_url(database_url).set(database=database))


@pytest.fixture(scope="session")
def metadata():
    return Base.metadata


@pytest.fixture(scope="session", autouse=True)
def tables(database_url):
    async def make():  # what is not there yet; your migrations may have done it before
        engine = create_async_engine(database_url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(make())
    loop.close()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(bind=engine, class_=AsyncSession, expire_on_commit=False)


@pytest_asyncio.fixture
async def session(session_factory):
    session = session_factory()
    yield session
    await session.close()
