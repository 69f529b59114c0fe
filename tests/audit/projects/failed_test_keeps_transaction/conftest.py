import pytest
import shop


@pytest.fixture(scope="session", autouse=True)
def tables():
    shop.create_all()
