"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest
from shop import create_app


@pytest.fixture
def client(make_unit_of_work):
    return create_app(make_unit_of_work).test_client()


@pytest.mark.parametrize("time", [1, 2])
def test_a_customer_is_kept(client, time):
    assert client.post("/customers/Ada").status_code == 200
    assert client.get("/customers").data == b"Ada"


def test_nobody_is_there(client):
    assert client.get("/customers").data == b""
