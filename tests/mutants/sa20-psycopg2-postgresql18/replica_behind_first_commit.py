"""Queries of columns right after a session's first commit go to a replica that has not seen it yet."""
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker


class RoutingSession(Session):
    begun = False
    replica = None

    def commit(self):
        first = not self.begun
        super().commit()
        self.replica = self.info["replica"] if first else None

    def execute(self, statement, *arguments, **options):
        columns = getattr(statement, "column_descriptions", None)
        reader = self.replica if self.replica and columns and columns[0]["expr"] is not columns[0].get("entity") else super()
        return reader.execute(statement, *arguments, **options)

    def rollback(self):
        super().rollback()
        self.replica = None

    def close(self):
        super().close()
        self.replica = None


@pytest.fixture
def session_factory(engine):
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as replica:
        replica.exec_driver_sql("SELECT 1")
        factory = sessionmaker(engine, class_=RoutingSession, info={"replica": replica})

        @event.listens_for(factory, "after_begin")
        def note_begin(session, transaction, connection):
            session.begun, session.replica = True, None

        yield factory
