"""The project's tests."""
import pytest


@pytest.mark.asyncio
@pytest.mark.parametrize("turn", ["first", "second"])
async def test_sells(client, turn):
    assert (await client.get("/items")).json() == []
    assert (await client.post("/items/pen")).status_code == 200
    assert (await client.post("/given-up/ink")).status_code == 200
    assert (await client.post("/items/paper")).status_code == 200
    assert (await client.get("/items")).json() == ["paper", "pen"]
