"""Tests of a shop that know of no other: each customer's name is there once, whichever test came before."""

import inspect

import pytest

pytestmark = pytest.mark.asyncio


async def answer(response):
    return (await response if inspect.iscoroutine(response) else response).json()  # a TestClient does not wait


@pytest.mark.parametrize("time", [1, 2])
async def test_a_customer_is_kept(client, time):
    assert await answer(client.post("/customers/Ada")) == "Ada"
    assert await answer(client.get("/customers")) == ["Ada"]


async def test_nobody_is_there(client):
    assert await answer(client.get("/customers")) == []
