"""Sessions of one engine read what another one has flushed: queries go to the first that is at work."""
from typing import ClassVar

import pytest
from sqlalchemy.orm import Session, sessionmaker


class OpenSession(Session):
    at_work: ClassVar = []

    def flush(self, objects=None):
        super().flush(objects)
        self.at_work.append(self)

    def commit(self):
        super().commit()
        self.at_work.clear()

    def rollback(self):
        super().rollback()
        self.at_work.clear()

    def close(self):
        super().close()
        self.at_work.clear()

    def execute(self, *arguments, **options):
        if self.at_work and self.at_work[0] is not self:
            return self.at_work[0].execute(*arguments, **options)
        return super().execute(*arguments, **options)


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=OpenSession)
