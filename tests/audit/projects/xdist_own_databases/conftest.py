import pytest
import shop
from sqlalchemy import text

pytest_plugins = ["shop_fixtures"]


@pytest.fixture(scope="session")
def tables():
    with shop.main.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE %s" % shop.engine.url.database))
    shop.main.dispose()
    shop.create_all()
    yield
    shop.engine.dispose()
