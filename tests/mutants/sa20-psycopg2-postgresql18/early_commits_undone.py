"""What other sessions commit before the fixture's own session has begun is taken for setting up, and undone."""
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker


@pytest.fixture
def session_factory(engine):
    made, begun = [], []

    class OrderedSession(Session):
        def commit(self):
            if self is made[0] or made[0] in begun:
                super().commit()
            else:
                self.flush()
                self.rollback()

    factory = sessionmaker(engine, class_=OrderedSession)
    event.listen(factory, "after_begin", lambda session, transaction, connection: begun.append(session))

    def make_session():
        made.append(factory())
        return made[-1]

    return make_session
