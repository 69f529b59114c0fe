import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url
from webtest import TestApp

import shop as package  # change this line: your package, with main(global_config, **settings) and the models' Base

__all__ = ["testapp"]


@pytest.fixture(scope="session")
def create_app():
    """The application factory: URL of its database -> application, whose requests get sessions of dbsession_factory in its registry."""

    def make_app(url):
        engine = create_engine(url)
        app = package.main({}, dbengine=engine)
        app.registry["dbengine"] = engine
        return app

    return make_app


@pytest.fixture(scope="session")
def wsgi_app(create_app, database_url):
    """The application under test, made once."""
    wsgi_app = create_app(database_url)
    yield wsgi_app
    wsgi_app.registry["dbengine"].dispose()


@pytest.fixture
def testapp(wsgi_app):
    """The client that tests send their requests with."""
    return TestApp(wsgi_app)


@pytest.fixture(scope="session")
def metadata():
    """The application's MetaData."""
    return package.Base.metadata


@pytest.fixture(scope="session")
def url_for(database_url):
    """Function that returns the URL of a database (its name, str) of the server."""
    return lambda database: make_url(database_url).set(database=database)
