"""Fixtures that the project has had for long."""

import os

import pytest
import pytest_asyncio
import shop
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy.engine.url import make_url


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def url_for(database_url):
    return lambda database: make_url(database_url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def create_config():
    return shop.create_config


@pytest.fixture(scope="session")
def alchemy_config(database_url):
    return shop.create_config(database_url)


@pytest.fixture(scope="session")
def create_app():
    return shop.create_app


@pytest_asyncio.fixture
async def app(alchemy_config):
    app = shop.create_app(alchemy_config)
    async with LifespanManager(app):
        yield app


@pytest_asyncio.fixture
async def client(app):
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


@pytest.fixture(scope="session")
def metadata():
    return shop.Base.metadata
