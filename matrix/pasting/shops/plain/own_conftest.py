"""Fixtures that the project has had for long."""

import copy
import os

import pytest
import sqlalchemy
from models import Base
from sqlalchemy.engine.url import make_url
from sqlalchemy.orm import sessionmaker

OPTIONS = {"future": True} if os.environ.get("SHOP_IS_FUTURE") else {}


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


def connect(database=None):
    url = make_url(os.environ["DATABASE_URL"])
    if database and hasattr(url, "set"):
        url = url.set(database=database)
    elif database:
        url = copy.copy(url)
        url.database = database
    return sqlalchemy.create_engine(url, **OPTIONS)


@pytest.fixture(scope="session")
def engine_for():
    return connect


@pytest.fixture(scope="session")
def engine():
    return connect()


@pytest.fixture(scope="session")
def metadata():
    return Base.metadata


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, **OPTIONS)


@pytest.fixture
def session(session_factory):
    session = session_factory()
    yield session
    session.close()


@pytest.fixture(scope="session")
def _db():
    """For pytest-sqlalchemy-session."""
    engine = connect()
    return sessionmaker(engine, **OPTIONS), engine


@pytest.fixture(scope="session")
def clean_db_urls():
    """For pytest-clean-database: nothing to clean, unless a recipe says so."""
    return []
