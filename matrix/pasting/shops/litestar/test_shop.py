"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import pytest

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("time", [1, 2])
async def test_a_customer_is_kept(client, time):
    assert (await client.post("/customers/Ada")).status_code == 201
    assert (await client.get("/customers")).json() == ["Ada"]


async def test_nobody_is_there(client):
    assert (await client.get("/customers")).json() == []
