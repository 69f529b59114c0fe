import copy

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url


@pytest.fixture(scope="session")
def engine_for(database_url):
    """Function that makes the application's engine for a database (its name, str) of the server."""

    def make_engine(database):
        url = copy.copy(make_url(database_url))
        url.database = database
        return create_engine(url)

    return make_engine
