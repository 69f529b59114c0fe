"""What SET TRANSACTION says holds for all later transactions of the connection."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def replace(connection, cursor, statement, parameters, context, executemany):
        return statement.replace("SET TRANSACTION ", "SET SESSION CHARACTERISTICS AS TRANSACTION "), parameters

    return engine
