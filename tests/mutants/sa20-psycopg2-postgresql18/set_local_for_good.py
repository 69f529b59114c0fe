"""SET LOCAL becomes SET, so that it outlives its transaction."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def replace(connection, cursor, statement, parameters, context, executemany):
        return statement.replace("SET LOCAL ", "SET "), parameters

    return engine
