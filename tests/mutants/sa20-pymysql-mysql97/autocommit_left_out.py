"""SET autocommit is left out, to protect the fixture's own transaction."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def leave_out(connection, cursor, statement, parameters, context, executemany):
        return ("DO 0" if statement.startswith("SET autocommit") else statement), parameters

    return engine
