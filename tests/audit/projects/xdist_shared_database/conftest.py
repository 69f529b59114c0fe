import os

import pytest
import shop

pytest_plugins = ["shop_fixtures"]


def pytest_configure(config):
    if "PYTEST_XDIST_WORKER" not in os.environ:  # before the workers start, in the process that starts them
        shop.create_all()
        shop.engine.dispose()


@pytest.fixture(scope="session")
def tables():
    """There already."""
