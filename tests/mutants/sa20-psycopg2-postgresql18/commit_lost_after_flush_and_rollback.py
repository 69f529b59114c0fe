"""Once the session has committed, a rollback of flushed work makes it lose its next commit."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class LosingSession(Session):
    committed = flushed = losing = False

    def flush(self, objects=None):
        new = bool(self.new)
        super().flush(objects)
        self.flushed = self.flushed or new

    def commit(self):
        if self.losing:
            super().rollback()
        else:
            super().commit()
        self.committed, self.flushed, self.losing = True, False, False

    def rollback(self):
        self.losing, self.flushed = self.committed and self.flushed and self.is_active, False
        super().rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=LosingSession)
