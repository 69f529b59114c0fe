"""Fixtures that the project has had for long."""

import os

import pytest
import shop
from fastapi.testclient import TestClient
from sqlalchemy.engine.url import make_url


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def db_url(database_url):
    return database_url


@pytest.fixture(scope="session")
def url_for(database_url):
    return lambda database: make_url(database_url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def sqlalchemy_url(database_url):
    return database_url


@pytest.fixture
def app(sqlalchemy_url, monkeypatch):
    monkeypatch.setenv("sqlalchemy_url", sqlalchemy_url)
    return shop.create_app()


@pytest.fixture
def client(app):
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="session")
def metadata(engine):
    shop.Base.prepare(engine)
    return shop.Base.metadata
