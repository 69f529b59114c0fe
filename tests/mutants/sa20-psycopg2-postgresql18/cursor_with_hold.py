"""Cursors of the server are opened WITH HOLD, so that they outlive their transaction."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def replace(connection, cursor, statement, parameters, context, executemany):
        return statement.replace(" CURSOR FOR ", " CURSOR WITH HOLD FOR "), parameters

    return engine
