import fastapi_sqla
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine.url import make_url

import shop as package  # change this line: your package, with create_app() and the models' Base

__all__ = ["client", "db_url"]


@pytest.fixture(scope="session")
def db_url(database_url):
    """What fastapi-sqla's plugin asks for: the URL of the database (str)."""
    return database_url


@pytest.fixture
def sqlalchemy_url(database_url):
    """What the environment variable of this name says when the application starts (str)."""
    return database_url


@pytest.fixture
def app(sqlalchemy_url, monkeypatch):
    """The application under test; each test has one of its own, as fastapi-sqla makes the engine at start-up."""
    monkeypatch.setenv("sqlalchemy_url", sqlalchemy_url)
    return package.create_app()


@pytest.fixture
def client(app):
    """The client that tests send their requests with, from the application's start-up to its shutdown."""
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="session")
def metadata(engine):
    """The application's MetaData; entities of fastapi_sqla.Base have no columns before they are prepared."""
    fastapi_sqla.Base.prepare(engine)
    return package.Base.metadata


@pytest.fixture(scope="session")
def url_for(database_url):
    """Function that returns the URL (str) of a database (its name, str) of the server."""
    return lambda database: make_url(database_url).set(database=database).render_as_string(hide_password=False)
