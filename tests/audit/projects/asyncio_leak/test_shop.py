import pytest
import shop
from sqlalchemy.ext.asyncio import AsyncSession

pytestmark = pytest.mark.asyncio


async def test_tables(db):
    assert db


async def test_clean(db):
    db.add(shop.User(name="ann"))
    await db.commit()


async def test_leaks(db, engine):
    async with AsyncSession(engine) as other:
        other.add(shop.User(name="ann"))
        await other.commit()


async def test_after(db):
    assert db
