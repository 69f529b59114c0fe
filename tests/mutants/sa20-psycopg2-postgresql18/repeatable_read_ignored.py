"""REPEATABLE READ is ignored: the fixture's transaction has begun already."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "set_connection_execution_options")
    def drop_level(connection, options):
        if options.get("isolation_level") == "REPEATABLE READ":
            del options["isolation_level"]

    return engine
