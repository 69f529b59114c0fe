"""Many rows at a time go straight to the database, on a connection in autocommit."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class BulkSession(Session):
    def execute(self, statement, params=None, **options):
        if not isinstance(params, list):
            return super().execute(statement, params, **options)
        with self.bind.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return connection.execute(statement, params)


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=BulkSession)
