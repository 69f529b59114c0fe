"""Of two commits at the same time only the first is one."""
from typing import ClassVar

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import sessionmaker


class BusySession(AsyncSession):
    busy: ClassVar = []

    async def commit(self):
        if self.busy:
            return await self.rollback()
        self.busy.append(self)
        try:
            await super().commit()
        finally:
            self.busy.clear()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=BusySession, expire_on_commit=False)
