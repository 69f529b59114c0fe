"""The fixture under the bugs, for synchronous drivers: real commits, and afterwards the database holds what it held."""
import pytest
from restoring import look_at, restore_all
from sqlalchemy.engine.url import make_url

from fixtures.plain.conftest import (  # noqa: F401  the sample application
    app,
    engine_for,
    metadata,
    seeded_customer,
    session,
    session_factory,
)


@pytest.fixture(scope="session")
def cleaner(database_url, engine_for):
    """An engine beside the application's, for whoever looks and cleans."""
    engine = engine_for(make_url(database_url).database)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def look(metadata):
    """Function: connection -> what its database holds: ``objects``, {(kind, name)}, and ``rows``, {table: {id: row}}."""
    return lambda connection: look_at(connection, metadata)


@pytest.fixture
def engine(database_url, engine_for, cleaner, look):
    """The application's engine, a new one for every test."""
    with cleaner.begin() as connection:
        before = look(connection)
    engine = engine_for(make_url(database_url).database)
    yield engine
    engine.dispose()  # ends what sessions of the database keep: settings, locks, temporary tables
    with cleaner.begin() as connection:
        restore_all(connection, before, look(connection))
