"""The fixture's session does not flush before queries."""
import pytest
from sqlalchemy.orm import sessionmaker


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, autoflush=False)
