"""Row locks are taken on a connection aside and kept until the session is closed."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class LockingSession(Session):
    aside = None

    def execute(self, statement, *arguments, **options):
        if "FOR UPDATE" not in str(statement):
            return super().execute(statement, *arguments, **options)
        self.aside = self.aside or self.bind.connect()
        return self.aside.execute(statement, *arguments, **options)

    def close(self):
        super().close()
        if self.aside is not None:
            self.aside.close()
            self.aside = None


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=LockingSession)
