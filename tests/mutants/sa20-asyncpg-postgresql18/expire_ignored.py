"""expire() leaves the attributes as they are."""
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import sessionmaker


class FreshSession(AsyncSession):
    def expire(self, instance, attribute_names=None):
        pass


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=FreshSession, expire_on_commit=False)
