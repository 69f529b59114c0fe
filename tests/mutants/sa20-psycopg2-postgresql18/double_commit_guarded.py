"""A commit right after another one is taken for a mistake unless something has changed; new objects do not count."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class GuardedSession(Session):
    committed = False

    def commit(self):
        if self.committed and not self.dirty and not self.deleted:
            self.expunge_all()
        else:
            super().commit()
            self.committed = True

    def execute(self, *arguments, **options):
        self.committed = False
        return super().execute(*arguments, **options)

    def flush(self, objects=None):
        super().flush(objects)
        self.committed = False

    def rollback(self):
        super().rollback()
        self.committed = False

    def close(self):
        super().close()
        self.committed = False


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=GuardedSession)
