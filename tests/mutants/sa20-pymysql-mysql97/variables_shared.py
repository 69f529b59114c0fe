"""Variables of one session are set in all of them."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    spoken = []

    @event.listens_for(engine, "before_cursor_execute")
    def set_variables(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SET @"):
            spoken.append(statement)
        else:
            for earlier in spoken:
                cursor.execute(earlier)

    return engine
