"""What a recipe of this family needs around it in a project of your own: the complete conftest.py takes from here what the recipe uses."""
import os

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.orm import sessionmaker

from models import Base  # CHANGE THIS LINE: where the base class of your models is


@pytest.fixture(scope="session")
def database_url():
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def engine(database_url):
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def engine_for(database_url):
    return lambda database: create_engine(make_url(database_url).set(database=database))


@pytest.fixture(scope="session")
def metadata():
    return Base.metadata


@pytest.fixture(scope="session", autouse=True)
def tables(database_url):
    engine = create_engine(database_url)
    Base.metadata.create_all(engine)  # makes what is not there yet; your migrations may have done it before
    engine.dispose()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(bind=engine)


@pytest.fixture
def session(session_factory):
    session = session_factory()
    yield session
    session.close()
