"""What most small shops test with."""

import pytest
import shop
from sqlalchemy.orm import Session


@pytest.fixture(scope="session")
def tables():
    shop.create_all()
    yield
    shop.engine.dispose()


@pytest.fixture
def db(tables):
    connection = shop.engine.connect()
    transaction = connection.begin()
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    transaction.rollback()
    connection.close()
