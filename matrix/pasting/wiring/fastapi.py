"""What a recipe of this family needs around it in a project of your own: the complete conftest.py takes from here what the recipe uses."""
import asyncio
import os

import pytest
import pytest_asyncio
from httpx import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import create_async_engine

from shop import Base, create_app as make_app, get_session as dependency  # CHANGE THIS LINE: your base class, application factory, session dependency


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def create_app():
    return make_app


@pytest_asyncio.fixture
async def app(create_app, database_url):
    app = create_app(database_url)  # one for each test, as each has an event loop of its own
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def client(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


@pytest.fixture(scope="session")
def get_session():
    return dependency


@pytest.fixture(scope="session")
def metadata():
    return Base.metadata


@pytest.fixture(scope="session", autouse=True)
def tables(database_url):
    async def make():  # what is not there yet; your migrations may have done it before
        engine = create_async_engine(database_url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(make())
    loop.close()
