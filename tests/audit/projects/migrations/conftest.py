import pytest
import shop
from sqlalchemy.orm import Session

pytest_plugins = ["shop_fixtures"]


@pytest.fixture(scope="session")
def tables():
    with Session(shop.engine) as session:
        session.add(shop.User(id=100, name="seed"))
        session.commit()
    yield
    shop.engine.dispose()
