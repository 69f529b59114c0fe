"""A second START TRANSACTION commits the first, as on MySQL, on a server where it does not."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "before_cursor_execute")
    def end_transaction(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("START TRANSACTION"):
            connection.connection.commit()

    return engine
