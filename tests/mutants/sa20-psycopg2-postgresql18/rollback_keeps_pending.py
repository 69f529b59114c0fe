"""rollback() before the first flush is taken for empty, so pending objects stay."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class LazySession(Session):
    flushed = False

    def flush(self, objects=None):
        self.flushed = self.flushed or not self._is_clean()
        super().flush(objects)

    def execute(self, *arguments, **options):
        self.flushed = True
        return super().execute(*arguments, **options)

    def commit(self):
        super().commit()
        self.flushed = False

    def rollback(self):
        if self.flushed or not self.new:
            super().rollback()
        self.flushed = False


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=LazySession)
