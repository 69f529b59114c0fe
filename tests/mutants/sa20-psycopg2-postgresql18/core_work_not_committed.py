"""A commit with no objects in the session is taken for empty: what Core wrote is undone."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class ObjectSession(Session):
    worked = False

    def execute(self, *arguments, **options):
        self.worked = True
        return super().execute(*arguments, **options)

    def flush(self, objects=None):
        self.worked = self.worked or not self._is_clean()
        super().flush(objects)

    def commit(self):
        self.flush()
        if self.worked:
            super().commit()
        else:
            self.rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=ObjectSession)
