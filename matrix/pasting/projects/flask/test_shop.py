"""The project's tests."""
import pytest


@pytest.mark.parametrize("turn", ["first", "second"])
def test_sells(client, turn):
    assert client.get("/items").get_json() == []
    assert client.post("/items/pen").status_code == 200
    assert client.post("/given-up/ink").status_code == 200
    assert client.post("/items/paper").status_code == 200
    assert client.get("/items").get_json() == ["paper", "pen"]
