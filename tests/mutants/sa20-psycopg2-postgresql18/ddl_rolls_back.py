"""DDL begins a new transaction and drops the open one."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute")
    def end_transaction(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith(("CREATE", "ALTER", "DROP")):
            connection.connection.rollback()

    return engine
