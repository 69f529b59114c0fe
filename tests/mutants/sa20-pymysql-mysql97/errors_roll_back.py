"""A statement that a constraint refuses rolls its transaction back."""
import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError


@pytest.fixture
def engine(engine):
    @event.listens_for(engine, "handle_error")
    def roll_back(context):
        if isinstance(context.sqlalchemy_exception, IntegrityError):
            context.connection.connection.rollback()

    return engine
