"""begin_nested() inside begin_nested() opens no savepoint of its own but joins the outer one."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class JoiningSession(Session):
    def begin_nested(self):
        if self.in_nested_transaction():
            self.flush()
            return self.get_nested_transaction()
        return super().begin_nested()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=JoiningSession)
