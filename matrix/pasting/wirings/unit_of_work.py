import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url

import shop as package  # change this line: your module, with DEFAULT_SESSION_FACTORY, SqlAlchemyUnitOfWork and the models' Base

__all__ = ["engine", "make_unit_of_work"]


@pytest.fixture(scope="session", autouse=True)
def engine(database_url):
    """The application's engine, which its default factory gets before any test, wherever that is bound."""
    engine = create_engine(database_url, isolation_level="REPEATABLE READ")
    package.DEFAULT_SESSION_FACTORY.configure(bind=engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def engine_for(database_url):
    """Function that makes the application's engine for a database (its name, str) of the server."""
    return lambda database: create_engine(make_url(database_url).set(database=database), isolation_level="REPEATABLE READ")


@pytest.fixture(scope="session")
def unit_of_work():
    """The application's module with the unit of work."""
    return package


@pytest.fixture
def make_unit_of_work(unit_of_work):
    """What the application's entry points call for a unit of work."""
    return unit_of_work.SqlAlchemyUnitOfWork


@pytest.fixture(scope="session")
def metadata():
    """The application's MetaData."""
    return package.Base.metadata
