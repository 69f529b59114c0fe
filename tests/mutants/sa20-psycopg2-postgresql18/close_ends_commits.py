"""After its first close() the session still works, but its commits are undone."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class SpentSession(Session):
    spent = False

    def close(self):
        super().close()
        self.spent = True

    def commit(self):
        if self.spent:
            self.flush()
            self.rollback()
        else:
            super().commit()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=SpentSession)
