"""The block of engine.begin() ends without a commit."""
import pytest


@pytest.fixture
def engine(engine):
    engine.begin = engine.connect
    return engine
