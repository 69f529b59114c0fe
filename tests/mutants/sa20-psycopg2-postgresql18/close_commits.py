"""close() commits what nobody has committed."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class ClosingSession(Session):
    def close(self):
        if self.is_active and self.in_transaction():
            self.commit()
        super().close()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=ClosingSession)
