import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.orm import sessionmaker


@pytest.fixture(scope="session")
def engine(database_url):
    """The application's engine."""
    engine = create_engine(database_url, future=True)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def engine_for(database_url):
    """Function that makes the application's engine for a database (its name, str) of the server."""
    return lambda database: create_engine(make_url(database_url).set(database=database), future=True)


@pytest.fixture
def session_factory(engine):
    """The application's sessionmaker."""
    return sessionmaker(bind=engine, future=True)
