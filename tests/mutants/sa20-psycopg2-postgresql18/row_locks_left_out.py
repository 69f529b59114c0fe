"""FOR UPDATE is left out, so that no test waits for another."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def leave_out(connection, cursor, statement, parameters, context, executemany):
        return statement.partition(" FOR UPDATE")[0], parameters

    return engine
