"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest


@pytest.mark.parametrize("time", [1, 2])
def test_a_customer_is_kept(app, time):
    client = app.test_client()
    assert client.post("/customers/Ada").status_code == 200
    assert client.get("/customers").data.split(b",").count(b"Ada") == 1


def test_she_is_not_there_before(app):
    assert b"Ada" not in app.test_client().get("/customers").data
