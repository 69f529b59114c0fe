import pytest
import pytest_asyncio
from sqlalchemy.engine.url import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker

from models import Base  # change this line: the module of your models, and their declarative base

__all__ = ["session"]


@pytest_asyncio.fixture
async def engine(database_url):
    """The application's engine; as tests have an event loop each, so have they an engine each."""
    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def engine_for(database_url):
    """Function that makes the application's engine for a database (its name, str) of the server."""
    return lambda database: create_async_engine(make_url(database_url).set(database=database))


@pytest.fixture(scope="session")
def metadata():
    """The application's MetaData."""
    return Base.metadata


@pytest.fixture
def session_factory(engine):
    """The application's factory of sessions."""
    return sessionmaker(bind=engine, class_=AsyncSession, expire_on_commit=False)


@pytest_asyncio.fixture
async def session(session_factory):
    """The session that tests and application work with."""
    session = session_factory()
    yield session
    await session.close()
