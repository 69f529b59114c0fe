"""The clean-up looks for rows, so new tables that are empty stay."""
import pytest
from sqlalchemy import text
from sqlalchemy.engine.url import make_url


def restore(connection, before, after):
    for kind, name in after.objects - before.objects:
        if kind != "TABLE" or connection.scalar(text(f"SELECT count(*) FROM {name}")) > 0:
            connection.execute(text(f"DROP {kind} IF EXISTS {name} CASCADE"))
    for table, rows in reversed(before.rows.items()):
        if after.rows[table] != rows:
            connection.execute(table.delete())
    for table, rows in before.rows.items():
        if after.rows[table] != rows:
            for row in rows.values():
                connection.execute(table.insert().values(row))


@pytest.fixture
def engine(database_url, engine_for, cleaner, look):
    with cleaner.begin() as connection:
        before = look(connection)
    engine = engine_for(make_url(database_url).database)
    yield engine
    engine.dispose()
    with cleaner.begin() as connection:
        restore(connection, before, look(connection))
