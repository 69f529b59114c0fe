"""What a database holds, and how to bring it back to that: tables of the application row by row, all else by name."""
from collections import namedtuple

from sqlalchemy import text

OBJECTS = {
    "postgresql": "SELECT CASE relkind WHEN 'r' THEN 'TABLE' ELSE 'SEQUENCE' END, CAST(oid AS regclass)::text FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') "
    "UNION ALL SELECT 'FUNCTION', CAST(oid AS regprocedure)::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "mysql": "SELECT 'TABLE', table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
    "UNION ALL SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()",
}

Held = namedtuple("Held", "objects rows")  # {(kind, name)}, {table: {id: row}}


def look_at(connection, metadata):
    """Return what the connection's database holds (Held)."""
    objects = {tuple(row) for row in connection.execute(text(OBJECTS[connection.dialect.name]))}
    return Held(objects, {table: read(connection, table) for table in metadata.sorted_tables})


def read(connection, table):
    return {row.id: dict(row._mapping) for row in connection.execute(table.select())}


def restore_all(connection, before, after):
    """Bring the database, which holds ``after``, back to ``before``."""
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    for kind, name in sorted(after.objects - before.objects):
        connection.execute(text(f"DROP {kind} IF EXISTS {name}{cascade}"))
    for table in reversed(list(before.rows)):
        came = after.rows[table].keys() - before.rows[table].keys()
        if came:
            connection.execute(table.delete().where(table.c.id.in_(came)))
    for table, rows in before.rows.items():
        for key, row in rows.items():
            if key not in after.rows[table]:
                connection.execute(table.insert().values(row))
            elif row != after.rows[table][key]:
                connection.execute(table.update().where(table.c.id == key).values(row))
