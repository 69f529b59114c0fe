"""Fixtures that the project has had for long."""

import os

import pytest
import pytest_asyncio
import shop
from httpx import ASGITransport, AsyncClient
from sqlalchemy.engine.url import make_url


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def url_for(database_url):
    return lambda database: make_url(database_url).set(database=database)


@pytest.fixture(scope="session")
def create_app():
    return shop.create_app


@pytest_asyncio.fixture
async def app(database_url):
    app = shop.create_app(database_url)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session")
def get_session():
    return shop.get_session


@pytest.fixture
def client(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


@pytest.fixture(scope="session")
def metadata():
    return shop.Base.metadata
