import pytest
import shop

pytest_plugins = ["shop_fixtures"]


@pytest.fixture(scope="session")
def archive(tables):
    from sqlalchemy import create_engine, text

    with shop.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE %s_archive" % shop.engine.url.database))
    engine = create_engine(shop.engine.url.set(database=shop.engine.url.database + "_archive"))
    shop.Base.metadata.create_all(engine)
    return engine
