"""Of the transactions on one connection only the first is committed."""
from weakref import WeakSet

import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    used = WeakSet()

    @event.listens_for(engine, "commit")
    def undo_second(connection):
        if connection in used:
            connection.connection.rollback()
        used.add(connection)

    return engine
