import pytest
import shop
from sqlalchemy.orm import Session

pytest_plugins = ["shop_fixtures"]


@pytest.fixture(scope="module")
def seed(tables):
    with Session(shop.engine) as session:
        session.add(shop.User(id=200, name="module"))
        session.commit()
    yield
    with Session(shop.engine) as session:
        session.delete(session.get(shop.User, 200))
        session.commit()
