import pytest
import pytest_asyncio
from httpx import ASGITransport, AsyncClient
from sqlalchemy.engine.url import make_url

import shop as package  # change this line: your package, with create_app(url), get_session and the models' Base

__all__ = ["client"]


@pytest.fixture(scope="session")
def create_app():
    """The application factory: URL of its database, options of its engine -> application with engine and session_factory in app.state."""
    return package.create_app


@pytest_asyncio.fixture
async def app(create_app, database_url):
    """The application under test, from start-up to shutdown; as tests have an event loop each, so have they an application each."""
    app = create_app(database_url)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session")
def get_session():
    """The dependency that endpoints get their session from; a recipe overrides it."""
    return package.get_session


@pytest.fixture
def client(app):
    """The client that tests send their requests with, on the test's own event loop."""
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


@pytest.fixture(scope="session")
def metadata():
    """The application's MetaData."""
    return package.Base.metadata


@pytest.fixture(scope="session")
def url_for(database_url):
    """Function that returns the URL of a database (its name, str) of the server."""
    return lambda database: make_url(database_url).set(database=database)
