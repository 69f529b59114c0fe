"""Why the application saw something else than in production: work was undone, hidden or refused."""

from reports.causes import links
from reports.causes.evidence import Evidence, Mark, Proof
from reports.causes.statements import is_write, name_savepoint
from reports.causes.theme import Theme

theme = Theme("undone")


@theme.cause(
    "The savepoint was gone",
    "A statement named a savepoint that the server no longer had, because the transaction around it had ended. "
    "COMMIT, ROLLBACK or DDL destroys all savepoints.",
    "Look for what ended the transaction before; let only the fixture end it.",
    links.SAVEPOINTS,
)
def savepoint_gone(cell: Evidence) -> Proof | None:
    return cell.find_error(r"savepoint .*does not exist", r"no such savepoint")


@theme.cause(
    "The application sent ROLLBACK as text",
    "The word ROLLBACK reached the server as a statement of its own, past the session and its savepoints. "
    "It ended the fixture's transaction, and everything before it was gone.",
    "Test such code on a connection of its own; no transaction around the test survives a literal ROLLBACK.",
    links.SESSION,
)
def text_rollback(cell: Evidence) -> Proof | None:
    if not cell.breaks or not cell.sent("rollback"):
        return None
    mark = next((mark for mark in cell.in_call(cell.wire) if mark.does == "rollback"), None)
    return mark and mark.prove()


@theme.cause(
    "ROLLBACK ended the fixture's transaction",
    "The application's rollback() or close() reached the server as ROLLBACK of the very transaction that the fixture had begun. "
    "All earlier work of the test was gone, including what the application had committed.",
    "Use join_transaction_mode='create_savepoint' (SQLAlchemy 2.0) or the 1.4 recipe, so that a rollback ends a savepoint only.",
    links.JOINING,
)
def outer_rolled_back(cell: Evidence) -> Proof | None:
    if not cell.breaks:
        return None
    written: set[int] = set()
    for mark in cell.wire:
        if mark.does == "rollback" and mark.phase == "call" and mark.lane in cell.outer & written:
            return mark.prove()
        written |= {mark.lane} if is_write(mark.text) else set()
    return None


@theme.cause(
    "ROLLBACK TO undid work that had been committed",
    "commit() had set no new savepoint, so the next rollback went back to the one that the fixture had set before the test. "
    "Work that production keeps was undone with it.",
    "Let commit() release the savepoint and set a new one: join_transaction_mode='create_savepoint' or the restarting listener.",
    links.JOINING,
)
def savepoint_undid_commit(cell: Evidence) -> Proof | None:
    if not cell.breaks:
        return None
    written: set[int] = set()
    for mark in cell.wire:
        key = (mark.lane, name_savepoint(mark.text))
        if mark.does == "rollback_to" and mark.phase == "call" and key in cell.own_savepoints and mark.lane in written:
            return mark.prove()
        if is_write(mark.text) and mark.phase == "call":
            written.add(mark.lane)
    return None


@theme.cause(
    "A second connection does not see work that was never really committed",
    "The application read on another connection than the one it had written on. "
    "There the fixture's transaction is still open, so its work is invisible to everyone else.",
    "Bind the application's engine or factory to the test's connection, or use a fixture that really commits and cleans up.",
    links.JOINING,
)
def second_connection_blind(cell: Evidence) -> Proof | None:
    if not cell.breaks:
        return None
    uncommitted: set[int] = set()
    for mark in cell.wire:
        if mark.does in ("commit", "rollback"):
            uncommitted.discard(mark.lane)
        elif reads(mark) and mark.phase == "call" and cell.outer & uncommitted - {mark.lane} and mark.lane not in cell.outer:
            return mark.prove(", while the fixture's transaction was open on another lane")
        elif is_write(mark.text):
            uncommitted.add(mark.lane)
    return None


@theme.cause(
    "After an error the whole transaction was aborted",
    "PostgreSQL refuses every statement after an error until a rollback. "
    "With no savepoint between the application and the fixture's transaction, the test could not go on as production does.",
    "Put a savepoint under the session (join_transaction_mode='create_savepoint'), so that its rollback clears the error.",
    links.SAVEPOINTS,
)
def transaction_aborted(cell: Evidence) -> Proof | None:
    return cell.find_error(r"current transaction is aborted", types=("InFailedSqlTransaction", "InFailedSQLTransactionError"))


@theme.cause(
    "The session refuses to work until it is rolled back",
    "A flush had failed and the session's transaction was inactive when the next operation came. "
    "The fixture took away the rollback that production would have made.",
    "Leave session.rollback() as it is and let it end a savepoint.",
    links.ERRORS + "#this-session-s-transaction-has-been-rolled-back-due-to-a-previous-exception-during-flush",
)
def session_inactive(cell: Evidence) -> Proof | None:
    return cell.find_error(r"transaction has been rolled back due to a previous exception", types=("PendingRollbackError",))


@theme.cause(
    "The transaction object was already closed",
    "SQLAlchemy refused because the transaction or savepoint that the fixture holds had ended before. "
    "The application's commit(), rollback() or close() had ended it.",
    "Keep the fixture's transaction out of the session's reach: join_transaction_mode='create_savepoint' or a restarted savepoint.",
    links.ERRORS,
)
def transaction_closed(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"can't operate on closed transaction",
        r"this transaction is (closed|inactive)",
        r"transaction is inactive",
        r"already deassociated",
        r"can't reconnect until invalid",
    )


@theme.cause(
    "The connection was already closed",
    "The application closed the connection that the fixture shares with it. "
    "What came after found it closed.",
    "Give the application a session or a connection of its own to close.",
    links.CONNECTIONS,
)
def connection_closed(cell: Evidence) -> Proof | None:
    return cell.find_error(r"this connection is closed", r"connection (is|was|has been|already) closed", r"connection already closed")


@theme.cause(
    "A transaction was already begun",
    "The application began a transaction of its own, as it may in production, where none was open yet. "
    "Under this fixture one was, and SQLAlchemy refused.",
    "Hand the application a fresh session, not one on which the fixture has already begun.",
    links.ERRORS,
)
def already_begun(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"a transaction is already begun",
        r"already (initialized|begun) a SQLAlchemy Transaction",
        r"already in progress",
        r"transaction already (started|in progress)",
    )


@theme.cause(
    "The isolation level cannot be changed inside a transaction",
    "The application asked for an isolation level for its own transaction. "
    "The fixture's transaction had begun already, so it was too late.",
    "Set the level on the test's engine, or give such code a connection of its own.",
    links.CONNECTIONS + "#setting-transaction-isolation-levels-including-dbapi-autocommit",
)
def isolation_level_fixed(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"isolation_level.* may not be altered",
        r"SET TRANSACTION ISOLATION LEVEL must be called before any query",
        r"set_(session|isolation_level) cannot be used inside a transaction",
        r"characteristics can't be changed while a transaction is in progress",
    )


@theme.cause(
    "A lock was still held when production would have released it",
    "The server gave up waiting for a lock, or refused it at once, although the application had called commit() before. "
    "The fixture's transaction keeps all locks until teardown.",
    "Test locking between connections with real commits and clean up after it.",
    links.POSTGRESQL + "explicit-locking.html",
)
def lock_not_released(cell: Evidence) -> Proof | None:
    return cell.find_error(r"lock wait timeout exceeded", r"could not obtain lock", r"due to lock timeout", types=("LockNotAvailable",))


@theme.cause(
    "The session was not bound to anything",
    "The application asked for a session outside the one that the fixture had prepared, and that one had no engine. "
    "SQLAlchemy could not tell where to connect.",
    "Bind the application's session factory in the fixture, not only the session of the test.",
    links.ERRORS + "#parent-instance-x-is-not-bound-to-a-session-lazy-load-deferred-load-refresh-etc-operation-cannot-proceed",
)
def session_unbound(cell: Evidence) -> Proof | None:
    return cell.find_error(r"is not bound to an Engine", r"Could not locate a bind", types=("UnboundExecutionError",))


@theme.cause(
    "Nothing ended the work, so nothing could undo or keep it",
    "After the last write no COMMIT, ROLLBACK, RELEASE or ROLLBACK TO reached the server for the rest of the test, and the application read its own unfinished work. "
    "The session's commit(), rollback() or close() had been replaced, or had no savepoint left to end.",
    "Leave the session's methods as they are and keep a savepoint under it: join_transaction_mode='create_savepoint'.",
    links.JOINING,
)
def nothing_ended(cell: Evidence) -> Proof | None:
    if not cell.breaks or cell.facts["phases"]["call"] != "failed":
        return None
    calls = cell.in_call(cell.wire)
    writes = [mark for mark in calls if is_write(mark.text)]
    if not writes or writes[-1].lane not in cell.outer or any(mark.lane != writes[-1].lane for mark in calls):
        return None
    after = [mark for mark in calls if mark.index > writes[-1].index]
    if any(mark.does in ("commit", "rollback", "rollback_to", "release") for mark in after):
        return None
    read = next((mark for mark in after if reads(mark)), None)
    return read and read.prove(", after a write that nothing had ended")


def reads(mark: Mark) -> bool:
    return mark.text.lstrip().upper().startswith(("SELECT", "WITH", "TABLE"))
