"""Every transaction begins with SET CONSTRAINTS ALL IMMEDIATE, as a check before the rollback needs it."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "begin")
    def check_at_once(connection):
        connection.connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")

    return engine
