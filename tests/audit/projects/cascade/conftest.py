import pytest
import shop
from sqlalchemy.orm import Session

pytest_plugins = ["shop_fixtures"]


@pytest.fixture(scope="session", autouse=True)
def note(tables):
    with Session(shop.engine) as session:
        session.add(shop.Note(id=1, user_id=100, text="kept"))
        session.commit()
