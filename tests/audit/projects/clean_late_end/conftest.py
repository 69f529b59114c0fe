import threading

import pytest
import shop
from sqlalchemy import text


@pytest.fixture(scope="session", autouse=True)
def tables():
    shop.create_all()
    yield
    shop.engine.dispose()


@pytest.fixture(scope="module")
def reader(tables):
    """Reads in a transaction of its own; whoever closes it does so a moment after the last test, as a pool's thread would."""
    connection = shop.engine.connect()
    connection.execute(text("SELECT count(*) FROM users"))
    yield connection
    threading.Timer(0.2, connection.close).start()
