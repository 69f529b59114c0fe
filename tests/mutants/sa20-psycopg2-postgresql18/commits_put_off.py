"""A commit reaches the database when its session is used again or another one begins; the engine sees nothing of it."""
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker


class LateSession(Session):
    late = False

    def commit(self):
        self.flush()
        self.expire_all()
        self.late = True

    def settle(self, *event):
        if self.late:
            self.late = False
            super().connection().connection.commit()

    def execute(self, *arguments, **options):
        self.settle()
        return super().execute(*arguments, **options)

    def flush(self, objects=None):
        self.settle()
        super().flush(objects)

    def rollback(self):
        self.settle()
        super().rollback()

    def close(self):
        self.settle()
        super().close()


@pytest.fixture
def session_factory(engine):
    made = []

    def make_session():
        made.append(factory())
        return made[-1]

    factory = sessionmaker(engine, class_=LateSession)
    event.listen(factory, "before_attach", LateSession.settle)
    event.listen(factory, "after_begin", lambda *event: [session.settle() for session in made if session is not event[0]])
    return make_session
