"""The project's tests."""
import pytest
from sqlalchemy import select

from models import Item


async def list_names(session):
    return sorted(item.name for item in (await session.execute(select(Item))).scalars())


@pytest.mark.asyncio
@pytest.mark.parametrize("turn", ["first", "second"])
async def test_sells(session, turn):
    assert await list_names(session) == []
    session.add(Item(name="pen"))
    await session.commit()
    session.add(Item(name="ink"))
    await session.flush()
    await session.rollback()
    session.add(Item(name="paper"))
    await session.commit()
    assert await list_names(session) == ["paper", "pen"]
