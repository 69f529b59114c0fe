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


@pytest.fixture(scope="session")
def archive(tables):
    from sqlalchemy import create_engine, text

    with shop.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE %s_archive" % shop.engine.url.database))
    engine = create_engine(shop.engine.url.set(database=shop.engine.url.database + "_archive"))
    shop.Base.metadata.create_all(engine)
    return engine
