import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

__all__ = ["_db"]


@pytest.fixture(scope="session")
def _db(database_url):
    """What the plugin asks for: the application's factory and its engine."""
    engine = create_engine(database_url)
    yield sessionmaker(bind=engine), engine
    engine.dispose()
