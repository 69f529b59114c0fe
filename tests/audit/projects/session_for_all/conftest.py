import pytest
import shop
from sqlalchemy.orm import Session


@pytest.fixture(scope="session", autouse=True)
def db():
    """One session for all tests; what they commit is deleted when all have run."""
    shop.create_all()
    with Session(shop.engine) as session:
        assert session.get(shop.User, 100)
        yield session
        session.query(shop.User).delete()
        session.commit()
    shop.engine.dispose()
