"""The fixture's session keeps what its objects held before the commit."""
import pytest
from sqlalchemy.orm import sessionmaker


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, expire_on_commit=False)
