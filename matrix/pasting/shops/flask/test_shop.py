"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest


@pytest.mark.parametrize("time", [1, 2])
def test_a_customer_is_kept(app, time):
    client = app.test_client()
    assert client.post("/customers/Ada").status_code == 200
    assert client.get("/customers").data == b"Ada"


def test_nobody_is_there(app):
    assert app.test_client().get("/customers").data == b""
