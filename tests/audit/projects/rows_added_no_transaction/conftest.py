import pytest
import shop
from sqlalchemy.orm import Session


@pytest.fixture(scope="session")
def tables():
    shop.create_all()


@pytest.fixture
def db(tables):
    with Session(shop.engine) as session:
        yield session
