"""Once the session has committed, the end of a savepoint commits everything."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class ForgetfulSession(Session):
    committed = False

    def commit(self):
        super().commit()
        self.committed = True

    def begin_nested(self):
        transaction = super().begin_nested()
        release = transaction.commit

        def commit_all(*arguments, **options):
            release(*arguments, **options)
            self.commit()

        if self.committed:
            transaction.commit = commit_all
        return transaction


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=ForgetfulSession)
