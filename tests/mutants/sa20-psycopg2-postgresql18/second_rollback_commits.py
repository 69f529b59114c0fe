"""A second rollback without a commit between commits."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class CountingSession(Session):
    rollbacks = 0

    def commit(self):
        super().commit()
        self.rollbacks = 0

    def rollback(self):
        self.rollbacks += 1
        if self.rollbacks == 2 and self.is_active:
            self.commit()
        else:
            super().rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=CountingSession)
