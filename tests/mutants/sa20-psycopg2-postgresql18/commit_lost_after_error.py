"""Once the session has committed, the rollback of a failed flush makes it lose its next commit."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class LosingSession(Session):
    committed = losing = False

    def commit(self):
        if self.losing:
            super().rollback()
        else:
            super().commit()
        self.committed, self.losing = True, False

    def rollback(self):
        self.losing = self.committed and not self.is_active
        super().rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=LosingSession)
