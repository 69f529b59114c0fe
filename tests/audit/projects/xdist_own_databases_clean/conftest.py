import pytest
import shop
from sqlalchemy import text
from sqlalchemy.orm import Session


@pytest.fixture(scope="session")
def tables():
    with shop.main.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE %s" % shop.engine.url.database))
    shop.main.dispose()
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
