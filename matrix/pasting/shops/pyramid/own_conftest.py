"""Fixtures that the project has had for long."""

import copy
import os

import pytest
import shop
import webtest
from sqlalchemy import create_engine
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
    def make_app(url):
        engine = create_engine(url)
        app = shop.main({}, dbengine=engine)
        app.registry["dbengine"] = engine
        return app

    return make_app


@pytest.fixture(scope="session")
def wsgi_app(create_app, database_url):
    return create_app(database_url)


@pytest.fixture
def testapp(wsgi_app):
    return webtest.TestApp(wsgi_app)


@pytest.fixture(scope="session")
def metadata():
    return shop.Base.metadata
