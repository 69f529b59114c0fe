import pytest
import shop
from sqlalchemy.orm import Session


@pytest.fixture(scope="session", autouse=True)
def tables():
    shop.Base.metadata.create_all(shop.engine)
    yield
    shop.Base.metadata.drop_all(shop.engine)
    shop.engine.dispose()


@pytest.fixture
def db(tables):
    with Session(shop.engine) as session:
        yield session
    with shop.engine.begin() as connection:
        for table in reversed(shop.Base.metadata.sorted_tables):
            connection.execute(table.delete())
