"""The first two commits of a session are kept, every later one is undone."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class TwiceCommittingSession(Session):
    commits = 0

    def commit(self):
        self.commits += 1
        if self.commits > 2:
            self.flush()
            self.rollback()
        else:
            super().commit()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=TwiceCommittingSession)
