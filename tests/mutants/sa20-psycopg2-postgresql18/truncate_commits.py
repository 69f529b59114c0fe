"""TRUNCATE commits, as on MySQL, on a server where it does not."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "after_cursor_execute")
    def end_transaction(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("TRUNCATE"):
            connection.connection.commit()

    return engine
