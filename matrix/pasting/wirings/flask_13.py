import copy

import pytest
from sqlalchemy.engine.url import make_url


@pytest.fixture(scope="session")
def url_for(database_url):
    """Function that returns the URL of a database (its name, str) of the server."""

    def make_other_url(database):
        url = copy.copy(make_url(database_url))
        url.database = database
        return url

    return make_other_url
