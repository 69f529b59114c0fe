import pytest
import shop
from sqlalchemy.orm import Session


@pytest.fixture(scope="session", autouse=True)
def tables():
    shop.create_all()
    yield
    shop.engine.dispose()


@pytest.fixture
def db():
    with shop.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()
