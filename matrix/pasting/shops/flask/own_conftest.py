"""Fixtures that the project has had for long."""

import copy
import os

import pytest
import shop
from models import Base
from sqlalchemy.engine.url import make_url


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def url_for(database_url):
    def make_other_url(database):
        url = copy.copy(make_url(database_url))
        if hasattr(url, "set"):
            return url.set(database=database)
        url.database = database
        return url

    return make_other_url


@pytest.fixture(scope="session")
def create_app():
    return shop.create_app


@pytest.fixture(scope="session")
def app(database_url):
    return shop.create_app(database_url)


@pytest.fixture(scope="session")
def db():
    return shop.db


@pytest.fixture(scope="session")
def metadata():
    return Base.metadata
