"""session.connection() is a connection of its own, in autocommit."""
import pytest
from sqlalchemy.orm import Session, sessionmaker


class SplitSession(Session):
    aside = None

    def connection(self, *arguments, **options):
        if self.aside is None:
            self.aside = self.bind.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self.aside

    def close(self):
        super().close()
        if self.aside is not None:
            self.aside.close()
            self.aside = None


@pytest.fixture
def session_factory(engine):
    return sessionmaker(engine, class_=SplitSession)
