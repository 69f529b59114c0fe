"""ROLLBACK as text is left out, to protect the fixture's own transaction."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def leave_out(connection, cursor, statement, parameters, context, executemany):
        return ("SELECT 1" if statement == "ROLLBACK" else statement), parameters

    return engine
