"""A lost connection is not taken for one, so the session goes on with it."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "handle_error")
    def overlook(context):
        context.is_disconnect = False

    return engine
