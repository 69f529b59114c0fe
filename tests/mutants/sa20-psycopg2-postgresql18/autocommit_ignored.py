"""An AUTOCOMMIT connection is an ordinary one, to keep it inside the fixture's transaction."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "set_connection_execution_options")
    def drop_level(connection, options):
        if options.get("isolation_level") == "AUTOCOMMIT":
            del options["isolation_level"]

    return engine
