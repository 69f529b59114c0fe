"""The block of engine.begin() commits even when an exception leaves it."""
from contextlib import contextmanager

import pytest


@pytest.fixture
def engine(engine):
    @contextmanager
    def begin():
        with engine.connect() as connection:
            try:
                yield connection
            finally:
                connection.commit()

    engine.begin = begin
    return engine
