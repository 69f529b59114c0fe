import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy.engine.url import make_url

import shop as package  # change this line: your package, with create_config(url), create_app(config) and the models' Base

__all__ = ["client"]


@pytest.fixture(scope="session")
def create_config():
    """Function: URL (str) of a database, options of its engine -> SQLAlchemyAsyncConfig, the plugin's configuration."""
    return package.create_config


@pytest.fixture(scope="session")
def alchemy_config(create_config, database_url):
    """The plugin's configuration, made once."""
    return create_config(database_url)


@pytest.fixture(scope="session")
def create_app():
    """The application factory: the plugin's configuration -> application."""
    return package.create_app


@pytest_asyncio.fixture
async def app(create_app, alchemy_config):
    """The application under test, from start-up to shutdown; as tests have an event loop each, so have they an application each."""
    app = create_app(alchemy_config)
    async with LifespanManager(app):
        yield app


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
    """Function that returns the URL (str) of a database (its name, str) of the server."""
    return lambda database: make_url(database_url).set(database=database).render_as_string(hide_password=False)
