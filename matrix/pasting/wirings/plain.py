import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.orm import sessionmaker

from models import Base  # change this line: the module of your models, and their declarative base

__all__ = ["session"]


@pytest.fixture(scope="session")
def engine(database_url):
    """The application's engine."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def engine_for(database_url):
    """Function that makes the application's engine for a database (its name, str) of the server."""
    return lambda database: create_engine(make_url(database_url).set(database=database))


@pytest.fixture(scope="session")
def metadata():
    """The application's MetaData."""
    return Base.metadata


@pytest.fixture
def session_factory(engine):
    """The application's sessionmaker."""
    return sessionmaker(bind=engine)


@pytest.fixture
def session(session_factory):
    """The session that tests and application work with."""
    session = session_factory()
    yield session
    session.close()
