"""Once a connection has committed, its rollback() commits too."""
from weakref import WeakSet

import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    used = WeakSet()
    event.listen(engine, "commit", used.add)

    @event.listens_for(engine, "rollback")
    def commit_instead(connection):
        if connection in used:
            connection.connection.commit()

    return engine
