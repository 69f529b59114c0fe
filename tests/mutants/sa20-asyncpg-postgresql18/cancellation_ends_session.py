"""A session whose statement was cancelled refuses every later one, even after a rollback."""
import asyncio

import pytest
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import sessionmaker


class SpentSession(AsyncSession):
    cancelled = False

    async def execute(self, *arguments, **options):
        if self.cancelled:
            raise InvalidRequestError("a statement was cancelled")
        try:
            return await super().execute(*arguments, **options)
        except asyncio.CancelledError:
            self.cancelled = True
            raise


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=SpentSession, expire_on_commit=False)
