"""commit() lets all objects go, so later changes of them are never written."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class DetachingSession(Session):
    def commit(self):
        super().commit()
        self.expunge_all()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=DetachingSession)
