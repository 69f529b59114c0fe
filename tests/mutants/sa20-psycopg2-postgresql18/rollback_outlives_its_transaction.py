"""A rollback before the first query is remembered and undoes the next commit too; a second rollback forgets it."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class RememberingSession(Session):
    doomed = False
    in_use = False

    def commit(self):
        if self.doomed:
            self.flush()
            super().rollback()
        else:
            super().commit()
        self.doomed, self.in_use = False, True

    def execute(self, *arguments, **options):
        self.in_use = True
        return super().execute(*arguments, **options)

    def rollback(self):
        self.doomed = self.is_active and not self.in_use and not self.doomed
        super().rollback()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=RememberingSession)
