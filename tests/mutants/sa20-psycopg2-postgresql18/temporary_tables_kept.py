"""ON COMMIT DROP is left out, so that temporary tables outlive their transaction."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def replace(connection, cursor, statement, parameters, context, executemany):
        return statement.replace(" ON COMMIT DROP", ""), parameters

    return engine
