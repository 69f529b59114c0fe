"""A session that is made after the application's first one was closed reads a snapshot from before the test."""
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def session_factory(engine):
    made, closed = [], []

    class NotingSession(Session):
        def close(self):
            super().close()
            closed.append(self)

    def make_session():
        made.append(NotingSession(stale if made and made[0] in closed else engine))
        return made[-1]

    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as stale:
        stale.exec_driver_sql("SELECT 1")
        yield make_session
