"""The clean-up deletes new rows and resets changed ones; lost ones stay lost."""
import pytest
from sqlalchemy import text
from sqlalchemy.engine.url import make_url


def restore(connection, before, after):
    for kind, name in after.objects - before.objects:
        connection.execute(text(f"DROP {kind} IF EXISTS {name} CASCADE"))
    for table, rows in reversed(before.rows.items()):
        connection.execute(table.delete().where(table.c.id.not_in(rows)))
        for key, row in rows.items():
            connection.execute(table.update().where(table.c.id == key).values(row))


@pytest.fixture
def engine(database_url, engine_for, cleaner, look):
    with cleaner.begin() as connection:
        before = look(connection)
    engine = engine_for(make_url(database_url).database)
    yield engine
    engine.dispose()
    with cleaner.begin() as connection:
        restore(connection, before, look(connection))
