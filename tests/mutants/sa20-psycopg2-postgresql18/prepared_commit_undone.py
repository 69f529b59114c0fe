"""What was prepared is rolled back when it is to be committed."""
import pytest


@pytest.fixture
def engine(engine):
    dialect = engine.dialect
    dialect.do_commit_twophase = dialect.do_rollback_twophase
    return engine
