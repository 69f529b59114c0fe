"""What other sessions insert by Core goes through the connection of the first session that is at work."""
import pytest
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql import Insert


@pytest.fixture
def session_factory(engine):
    at_work = []

    class JoiningSession(Session):
        def execute(self, statement, *arguments, **options):
            if isinstance(statement, Insert) and at_work and at_work[0] is not self:
                return at_work[0].connection().execute(statement, *arguments, **options)
            at_work.append(self)
            return super().execute(statement, *arguments, **options)

        def commit(self):
            super().commit()
            at_work.clear()

    return sessionmaker(engine, class_=JoiningSession)
