"""The block of session.begin() commits even when an exception leaves it."""
from contextlib import contextmanager

import pytest
from sqlalchemy.orm import Session, sessionmaker


class TenaciousSession(Session):
    def begin(self, nested=False):
        return super().begin(nested=True) if nested else self.work()

    @contextmanager
    def work(self):
        try:
            yield self
        finally:
            self.commit()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=TenaciousSession)
