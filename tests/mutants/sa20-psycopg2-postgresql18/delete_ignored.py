"""Deleted objects stay: the flush adds them again instead."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class KeepingSession(Session):
    def delete(self, instance):
        self.add(instance)


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=KeepingSession)
