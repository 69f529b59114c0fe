"""Advisory locks are taken shared, so that no test waits for another."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def replace(connection, cursor, statement, parameters, context, executemany):
        return statement.replace("_advisory_lock(", "_advisory_lock_shared("), parameters

    return engine
