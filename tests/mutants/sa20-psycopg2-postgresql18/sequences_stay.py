"""The clean-up drops new tables and functions; new sequences stay."""
import pytest
from sqlalchemy import text
from sqlalchemy.engine.url import make_url


def restore(connection, before, after):
    for kind, name in after.objects - before.objects:
        if kind != "SEQUENCE":
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
