"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest
from models import Customer, Order
from sqlalchemy import select

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("credit", [10, 20])
async def test_a_customer_is_kept(session, credit):
    session.add(Customer(name="Ada", credit=credit))
    await session.commit()
    found = await session.execute(select(Customer).where(Customer.name == "Ada"))
    assert found.scalars().one().credit == credit


@pytest.mark.parametrize("sku", ["tea", "milk"])
async def test_an_order_is_kept(session, sku):
    customer = Customer(name="Ada")
    session.add(customer)
    await session.flush()
    session.add(Order(customer_id=customer.id, sku=sku))
    await session.commit()
    assert [order.sku for order in (await session.execute(select(Order))).scalars()] == [sku]


async def test_nobody_is_there(session):
    assert (await session.execute(select(Customer))).scalars().all() == []
