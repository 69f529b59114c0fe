"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest


@pytest.mark.parametrize("time", [1, 2])
def test_a_customer_is_kept(client, time):
    assert client.post("/customers/Ada").json() == "Ada"
    assert client.get("/customers").json() == ["Ada"]


def test_nobody_is_there(client):
    assert client.get("/customers").json() == []
