def test_reads(client):
    assert client.get("/users").json() == 0


def test_creates(client):
    assert client.post("/users/ann").status_code == 200


def test_after(client):
    assert client.get("/users").status_code == 200
