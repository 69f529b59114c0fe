import os

import pytest
import shop
from sqlalchemy.orm import Session


def pytest_configure(config):
    if "PYTEST_XDIST_WORKER" not in os.environ:  # before the workers start, in the process that starts them
        shop.create_all()
        shop.engine.dispose()


@pytest.fixture
def db():
    connection = shop.engine.connect()
    transaction = connection.begin()
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    transaction.rollback()
    connection.close()
