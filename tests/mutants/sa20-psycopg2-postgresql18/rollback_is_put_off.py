"""The rollback of a session's first writes waits until it writes again; queries before that see what it undoes."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class LateSession(Session):
    late = wrote = settled = False

    def add(self, instance, _warn=True):
        self.settle()
        super().add(instance, _warn)

    def flush(self, objects=None):
        self.wrote = self.wrote or not self._is_clean()
        super().flush(objects)

    def begin_nested(self):
        self.settle()
        self.settled = True
        return super().begin_nested()

    def commit(self):
        self.settle()
        self.settled = True
        super().commit()

    def rollback(self):
        if self.wrote and not self.settled and self.is_active:
            self.late = True
        else:
            super().rollback()

    def settle(self):
        if self.late:
            self.late, self.settled = False, True
            super().rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=LateSession)
