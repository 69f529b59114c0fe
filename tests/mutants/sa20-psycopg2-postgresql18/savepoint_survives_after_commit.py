"""Once the session has committed, undoing a savepoint releases it."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class ForgetfulSession(Session):
    committed = False

    def commit(self):
        super().commit()
        self.committed = True

    def begin_nested(self):
        transaction = super().begin_nested()
        if self.committed:
            transaction.rollback = transaction.commit
        return transaction


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=ForgetfulSession)
