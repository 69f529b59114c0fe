"""What was left standing although nobody committed it: transactions, locks, settings, objects, removed seed rows."""

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Mark, Proof
from matrix.judging.causes.statements import is_cleanup, tidy
from matrix.judging.causes.theme import Theme

theme = Theme("remains")

OBJECT_KINDS = tuple(
    f"{thing}_{change}"
    for thing, changes in {
        "table": ("created", "dropped"), "column": ("added", "dropped", "changed"), "index": ("created", "dropped"),
        "type": ("created", "dropped"), "sequence": ("created", "dropped"), "view": ("created", "dropped"),
        "routine": ("created", "dropped"), "trigger": ("created", "dropped"), "constraint": ("added", "dropped"),
    }.items()
    for change in changes
)  # fmt: skip


@theme.cause(
    "A transaction was left open",
    "After teardown the server still showed an open transaction of the test, with its locks. A connection was neither rolled back nor returned.",
    "Close every session and connection in teardown, in a finally block, before the pool is looked at again.",
    links.POOLS + "#reset-on-return",
)
def transaction_left_open(cell: Evidence) -> Proof | None:
    seen = cell.find_residue("open_transaction", "lock_held")
    if seen is None:
        return None
    began = find_open_begin(cell)
    return began.prove(", and it was still open after teardown") if began else seen


@theme.cause(
    "A session-level lock outlived the transaction",
    "The lock belongs to the database session, not to the transaction, so no rollback releases it. The pool keeps the connection, and with it the lock.",
    "Release the lock in the application, or close the connection (NullPool, engine.dispose()) in teardown.",
    links.POSTGRESQL + "explicit-locking.html#ADVISORY-LOCKS",
)
def session_lock_survives(cell: Evidence) -> Proof | None:
    mark = cell.find_text(r"pg_(try_)?advisory_lock|GET_LOCK|LOCK TABLES")
    return mark.prove() if mark and cell.find_residue("advisory_lock_held", "lock_held") else None


@theme.cause(
    "A setting of the database session outlived the test",
    "SET changed the database session, and the connection went back to the pool with it. The next test that gets this connection starts with that setting.",
    "Use SET LOCAL, reset the setting in teardown, or close the connection instead of pooling it.",
    links.POSTGRESQL + "sql-set.html",
)
def setting_survives(cell: Evidence) -> Proof | None:
    mark = cell.find_text(r"^\s*SET\s+(?!LOCAL|TRANSACTION)|set_config\(", cell.in_call(cell.wire))
    return mark.prove() if mark and cell.find_residue("session_setting") else None


@theme.cause(
    "A temporary table outlived the test",
    "A temporary table belongs to the database session and stays until that ends. The connection went back to the pool with it.",
    "Create it ON COMMIT DROP, drop it in the application, or close the connection in teardown.",
    links.POSTGRESQL + "sql-createtable.html",
)
def temporary_table_survives(cell: Evidence) -> Proof | None:
    mark = cell.find_text(r"CREATE\s+(LOCAL\s+|GLOBAL\s+)?TEMP(ORARY)?\s")
    return mark.prove() if mark and cell.find_residue("temp_table") else None


@theme.cause(
    "A prepared transaction was left on the server",
    "The transaction was prepared and never finished, and it does not belong to any connection any more. "
    "It holds its locks until somebody commits or rolls it back by name.",
    "Finish prepared transactions by their identifiers in teardown.",
    links.TWO_PHASE,
)
def prepared_left(cell: Evidence) -> Proof | None:
    mark = next((mark for mark in cell.wire if mark.does == "prepare"), None)
    return mark.prove() if mark and cell.find_residue("prepared_transaction") else None


@theme.cause(
    "A database was left behind",
    "The test made a database of its own and teardown did not drop it. It stays on the server until somebody removes it.",
    "Drop it in a finally block, after disposing of every engine that is connected to it.",
    links.POSTGRESQL + "sql-dropdatabase.html",
)
def database_left(cell: Evidence) -> Proof | None:
    seen = cell.find_residue("database_created")
    mark = cell.find_text(r"CREATE\s+DATABASE", cell.marks)
    return (mark.prove() if mark else seen) if seen else None


@theme.cause(
    "The clean-up removed rows that were there before the test",
    "The fixture empties whole tables, so rows that existed before the test, such as seed data, went with the test's own. The next test does not find them.",
    "Delete only what the test made, or write the seed rows again after each clean-up.",
    links.METADATA,
)
def cleanup_removed_rows(cell: Evidence) -> Proof | None:
    mark = first_cleanup(cell)
    return mark.prove() if mark and cell.find_residue("rows_removed", "rows_changed") else None


@theme.cause(
    "Dropping and creating the tables did not bring the same schema back",
    "The fixture rebuilds the schema from the metadata, and the database had more, or other things, than the metadata knows. "
    "What it dropped or made differs from what was there.",
    "Build the schema with the same means as production (migrations, a template database) or leave it alone and clean the rows.",
    links.METADATA + "#creating-and-dropping-database-tables",
)
def schema_rebuilt(cell: Evidence) -> Proof | None:
    mark = cell.find_text(r"^\s*(DROP|CREATE|ALTER)\s", cell.around_call(cell.wire))
    return mark.prove() if mark and cell.find_residue(*OBJECT_KINDS) else None


def find_open_begin(cell: Evidence) -> Mark | None:
    """Return the BEGIN that was not followed by COMMIT or ROLLBACK on its lane."""
    open_now: dict[int, Mark] = {}
    for mark in cell.wire:
        if mark.does == "begin":
            open_now.setdefault(mark.lane, mark)
        elif mark.does in ("commit", "rollback"):
            open_now.pop(mark.lane, None)
    return min(open_now.values(), key=lambda mark: mark.index, default=None)


def first_cleanup(cell: Evidence) -> Mark | None:
    return next((mark for mark in cell.around_call(cell.wire) if is_cleanup(tidy(mark.text))), None)
