"""What was prepared is committed when it is to be rolled back."""
import pytest


@pytest.fixture
def engine(engine):
    dialect = engine.dialect
    dialect.do_rollback_twophase = dialect.do_commit_twophase
    return engine
