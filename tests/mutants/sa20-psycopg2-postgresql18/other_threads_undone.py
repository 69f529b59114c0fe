"""What a session commits in a thread of its own is undone."""
import threading

import pytest
from sqlalchemy.orm import Session, sessionmaker


class ThreadBoundSession(Session):
    def commit(self):
        if threading.current_thread() is threading.main_thread():
            super().commit()
        else:
            self.flush()
            self.rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=ThreadBoundSession)
