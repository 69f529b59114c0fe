"""Fixtures that the project has had for long."""

import copy
import os

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url

os.environ["SHOP_URL"] = os.environ["DATABASE_URL"]

import shop  # which reads where its database is


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def engine():
    return shop.DEFAULT_SESSION_FACTORY.kw["bind"]


@pytest.fixture(scope="session")
def engine_for(database_url):
    def make_engine(database):
        url = copy.copy(make_url(database_url))
        if hasattr(url, "set"):
            url = url.set(database=database)
        else:
            url.database = database
        return create_engine(url, isolation_level="REPEATABLE READ")

    return make_engine


@pytest.fixture(scope="session")
def unit_of_work():
    return shop


@pytest.fixture
def make_unit_of_work():
    return shop.SqlAlchemyUnitOfWork


@pytest.fixture(scope="session")
def metadata():
    return shop.Base.metadata
