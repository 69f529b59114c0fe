"""The next transaction begins at once with the commit and keeps what it saw then."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class EagerSession(Session):
    def commit(self):
        super().commit()
        if self.bind is not None:
            self.connection(execution_options={"isolation_level": "REPEATABLE READ"}).exec_driver_sql("SELECT 1")


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=EagerSession)
