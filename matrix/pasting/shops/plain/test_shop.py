"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest
from models import Customer, Order


@pytest.mark.parametrize("credit", [10, 20])
def test_a_customer_is_kept(session, credit):
    session.add(Customer(name="Ada", credit=credit))
    session.commit()
    assert session.query(Customer).filter_by(name="Ada").one().credit == credit


@pytest.mark.parametrize("sku", ["tea", "milk"])
def test_an_order_is_kept(session, sku):
    customer = Customer(name="Ada")
    session.add(customer)
    session.flush()
    session.add(Order(customer_id=customer.id, sku=sku))
    session.commit()
    assert [order.sku for order in session.query(Order)] == [sku]


def test_nobody_is_there(session):
    assert session.query(Customer).count() == 0
