"""A session that is closed inside a savepoint commits."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class ClosingSession(Session):
    def close(self):
        if self.is_active and self.in_nested_transaction():
            self.commit()
        super().close()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=ClosingSession)
