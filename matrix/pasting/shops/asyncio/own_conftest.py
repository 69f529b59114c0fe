"""Fixtures that the project has had for long."""

import os

import pytest
import pytest_asyncio
from models import Base
from sqlalchemy.engine.url import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def engine_for(database_url):
    return lambda database: create_async_engine(make_url(database_url).set(database=database))


@pytest_asyncio.fixture
async def engine(database_url):
    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def metadata():
    return Base.metadata


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


@pytest_asyncio.fixture
async def session(session_factory):
    async with session_factory() as session:
        yield session
