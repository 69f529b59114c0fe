import pytest
import shop
from sqlalchemy.orm import Session


@pytest.fixture
def db():
    shop.Base.metadata.create_all(shop.engine)
    with Session(shop.engine) as session:
        yield session
    shop.Base.metadata.drop_all(shop.engine)
