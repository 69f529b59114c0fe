"""close() loads what is expired before it lets go, so that reading a detached object never fails."""
import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session, sessionmaker


class LoadingSession(Session):
    def close(self):
        for instance in list(self) if self.is_active else ():
            if inspect(instance).expired_attributes:
                self.refresh(instance)
        super().close()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=LoadingSession)
