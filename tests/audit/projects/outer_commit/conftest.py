import pytest
import shop
from sqlalchemy.orm import Session


@pytest.fixture(scope="session")
def tables():
    shop.create_all()


@pytest.fixture
def db(tables):
    connection = shop.engine.connect()
    transaction = connection.begin()
    session = Session(bind=connection, join_transaction_mode="control_fully")
    yield session
    session.close()
    if transaction.is_active:
        transaction.rollback()
    connection.close()
