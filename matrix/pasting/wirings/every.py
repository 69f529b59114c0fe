import os

import pytest


@pytest.fixture(scope="session")
def database_url():
    """URL (str) of the database of the tests, whose tables are there."""
    if not os.environ.get("DATABASE_URL"):
        pytest.exit("set the environment variable DATABASE_URL to the SQLAlchemy URL of a database for tests", returncode=2)
    return os.environ["DATABASE_URL"]
