"""An answer that needs no table is kept by the session and given again."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class RememberingSession(Session):
    answers = None

    def execute(self, statement, *arguments, **options):
        asked = str(statement)
        if not asked.startswith("SELECT") or "FROM" in asked:
            return super().execute(statement, *arguments, **options)
        self.answers = self.answers or {}
        if asked not in self.answers:
            self.answers[asked] = super().execute(statement, *arguments, **options).freeze()
        return self.answers[asked]()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=RememberingSession)
