"""An UPDATE is for good as soon as it is flushed, whatever becomes of its transaction."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class WritingThroughSession(Session):
    def flush(self, objects=None):
        only_changes = bool(self.dirty) and not self.new and not self.deleted
        super().flush(objects)
        if only_changes and not self.in_nested_transaction():
            self.connection().connection.commit()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=WritingThroughSession)
