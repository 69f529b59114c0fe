"""Connections write only in transactions that SQLAlchemy has begun; the driver by itself gets them read-only."""
import pytest
from sqlalchemy import event


@pytest.fixture
def engine(engine):
    @event.listens_for(engine.pool, "connect")
    def lock(driver_connection, record):
        driver_connection.set_session(readonly=True)

    @event.listens_for(engine, "begin")
    @event.listens_for(engine, "begin_twophase")
    def unlock(connection, *identity):
        connection.connection.set_session(readonly=False)

    @event.listens_for(engine.pool, "checkin")
    def lock_again(driver_connection, record):
        if driver_connection is not None:
            driver_connection.set_session(readonly=True)

    return engine
