"""A rollback sets the sequences back, so that ids are used again."""
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

RESET = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {0}), false)"


@pytest.fixture
def session_factory(engine, cleaner, metadata):
    class ResettingSession(Session):
        def rollback(self):
            super().rollback()
            with cleaner.begin() as connection:
                for table in metadata.sorted_tables:
                    connection.execute(text(RESET.format(table.name)))

    return sessionmaker(engine, class_=ResettingSession)
