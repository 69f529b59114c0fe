"""Connections stay in the pool from test to test, with all that was set, locked or made in them."""
import pytest


@pytest.fixture(scope="session")
def kept():
    return []


@pytest.fixture
def engine(engine, kept):
    kept.append(engine)
    engine.dispose = lambda: None
    return engine
