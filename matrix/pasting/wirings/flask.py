import pytest
from sqlalchemy.engine.url import make_url

import shop as package  # change this line: your package, with its function create_app(url) and its db = SQLAlchemy()

__all__ = ["app"]


@pytest.fixture(scope="session")
def create_app():
    """The application factory: URL of its database -> application."""
    return package.create_app


@pytest.fixture(scope="session")
def app(create_app, database_url):
    """The application under test, made once."""
    return create_app(database_url)


@pytest.fixture(scope="session")
def db():
    """The application's SQLAlchemy extension."""
    return package.db


@pytest.fixture(scope="session")
def metadata(db):
    """The application's MetaData."""
    return db.metadata


@pytest.fixture(scope="session")
def url_for(database_url):
    """Function that returns the URL of a database (its name, str) of the server."""
    return lambda database: make_url(database_url).set(database=database)
