"""The good end of a savepoint commits the whole transaction."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class Savepoint:
    def __init__(self, transaction):
        self.transaction, self.session = transaction, transaction.session

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        self.commit() if kind is None else self.rollback()

    def commit(self):
        self.transaction.commit()
        self.session.commit()

    def rollback(self):
        self.transaction.rollback()


class WrappingSession(Session):
    def begin_nested(self):
        return Savepoint(super().begin_nested())


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=WrappingSession)
