"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest


@pytest.mark.parametrize("time", [1, 2])
def test_a_customer_is_kept(testapp, time):
    testapp.post("/customers/Ada", status=200)
    assert testapp.get("/customers").text == "Ada"


def test_nobody_is_there(testapp):
    assert testapp.get("/customers").text == ""
