"""What SQLAlchemy or the server refused, although production would have allowed it."""

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.hidden import SQLITE, find_lock_error
from matrix.judging.causes.marks import ENDS_OF_WORK, Proof
from matrix.judging.causes.theme import Theme
from matrix.judging.causes.undone import was_refused

theme = Theme("refused")


@theme.cause(
    "The savepoint was gone",
    "A statement named a savepoint that the server no longer had, because the transaction around it had ended. "
    "COMMIT, ROLLBACK or DDL destroys all savepoints.",
    "Look for what ended the transaction before; let only the fixture end it.",
    links.SAVEPOINTS,
)
def savepoint_gone(cell: Evidence) -> Proof | None:
    gone = (r"savepoint .*does not exist", r"no such savepoint", r"savepoint can only be used in transaction block")
    raised = cell.find_error(*gone)
    # a thread, a task, or code that goes on after errors keeps them to itself: the server's answer stands on the timeline
    return raised if raised or was_refused(cell) else cell.find_answer(*gone)


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
    "The application closed the connection that the fixture shares with it. What came after found it closed.",
    "Give the application a session or a connection of its own to close.",
    links.CONNECTIONS,
)
def connection_closed(cell: Evidence) -> Proof | None:
    return cell.find_error(r"this connection is closed", r"connection (is|was|has been|already) closed", r"connection already closed")


@theme.cause(
    "A cancelled statement took the shared connection with it",
    "When a task is cancelled in the middle of a statement, the driver gives its connection up. "
    "Production takes another one from the pool; the fixture has only the one that it gives to everybody.",
    "Test cancelled statements with the application's own engine and real commits.",
    links.ASYNCIO,
)
def connection_cancelled(cell: Evidence) -> Proof | None:
    return cell.find_error(r"Cancelled during execution")


@theme.cause(
    "A transaction was already begun",
    "The application began a transaction of its own, as it may in production, where none was open yet. Under this fixture one was, and SQLAlchemy refused.",
    "Hand the application a fresh session, not one on which the fixture has already begun.",
    links.ERRORS,
)
def already_begun(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"a transaction is already begun",
        r"tpc_begin cannot be used inside a transaction",
        r"already (initialized|begun) a SQLAlchemy Transaction",
        r"already in progress",
        r"transaction already (started|in progress)",
    )


@theme.cause(
    "The fixture had forbidden every commit",
    "The fixture dooms its transaction, so that nobody can commit it by mistake. "
    "The application commits by itself, as it may in production, and the transaction manager refused.",
    "Keep this fixture for applications that leave every commit to pyramid_tm; else bind their sessions to a connection in a transaction.",
    links.TRANSACTION,
)
def transaction_doomed(cell: Evidence) -> Proof | None:
    return cell.find_error(r"transaction doomed, cannot commit", types=("DoomedTransaction",))


@theme.cause(
    "The server does not truncate a table that others refer to",
    "The fixture's clean-up truncates table by table, and a foreign key points to one of them. Both kinds of server refuse that unless it is told otherwise.",
    "Truncate all tables in one statement with CASCADE (PostgreSQL), or with foreign_key_checks off (MySQL), or delete in the order of the keys.",
    links.MYSQL + "truncate-table.html",
)
def truncate_refused(cell: Evidence) -> Proof | None:
    return cell.find_error(r"cannot truncate a table referenced in a foreign key")


@theme.cause(
    "The isolation level cannot be changed inside a transaction",
    "The application asked for an isolation level for its own transaction. The fixture's transaction had begun already, so it was too late.",
    "Set the level on the test's engine, or give such code a connection of its own.",
    links.CONNECTIONS + "#setting-transaction-isolation-levels-including-dbapi-autocommit",
)
def isolation_level_fixed(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"isolation_level.* may not be altered",
        r"SET TRANSACTION ISOLATION LEVEL must be called before any query",
        r"set_(session|isolation_level) cannot be used inside a transaction",
        r"characteristics can't be changed while a transaction is in progress",
        r"can't change '(autocommit|isolation_level)' now",
    )


@theme.cause(
    "A lock was still held when production would have released it",
    "The server gave up waiting for a lock, or refused it at once, although the application had called commit() before. "
    "The fixture's transaction keeps all locks until teardown.",
    "Test locking between connections with real commits and clean up after it.",
    links.POSTGRESQL + "explicit-locking.html",
)
def lock_not_released(cell: Evidence) -> Proof | None:
    return find_lock_error(cell)


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
    "The application was handed a connection where it asked for an engine",
    "The fixture puts a Connection in the engine's place, and a connection does not do all that an engine does. "
    "raw_connection() is missing, and begin() gives a transaction instead of a connection.",
    "Bind the sessions to the connection and leave the application's engine as it is, or keep such code out of these tests.",
    links.CONNECTIONS,
)
def connection_for_engine(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"'Connection' object has no attribute '(raw_connection|connect|dispose|pool|url)'",
        r"'(\w*Transaction)' object has no attribute '(execute|exec_driver_sql|scalar|connection)'",
        phase="call",
    )


@theme.cause(
    "The other kind of database does not know this SQL",
    "The fixture gives the application an SQLite database, and the application speaks to its server in the server's own words. "
    "SQLite refused a statement, an isolation level or a kind of transaction that production uses.",
    "Test on the kind of database that production has.",
    links.SQLITE,
)
def other_kind_of_database(cell: Evidence) -> Proof | None:
    proof = cell.find_error(
        r'\(sqlite3\.OperationalError\) (near ".*": syntax error|unknown database|no such function)',
        r"Valid isolation levels for '?sqlite'?",  # without quotes before 1.4
    )
    if proof or not any(SQLITE.match(mark.text) for mark in (*cell.client, *cell.other_client)):
        return proof
    return cell.find_error(types=("NotImplementedError",), phase="call")


@theme.cause(
    "A listener worked inside a commit that was failing",
    "The server refused the COMMIT, and while the session ended its transaction a listener of the fixture asked it for the next one. "
    "In between the session allows no SQL, and its error hides the server's.",
    "Use join_transaction_mode='create_savepoint' (SQLAlchemy 2.0), which needs no listener.",
    links.JOINING,
)
def listener_inside_commit(cell: Evidence) -> Proof | None:
    return cell.find_error(r"session is in '(prepared|committed)' state")


@theme.cause(
    "begin() and begin_nested() called each other without end",
    "The fixture makes every begin() a savepoint, and a savepoint first begins a transaction when none is open. "
    "After the application's rollback() none was open, so the two called each other until Python gave up.",
    "Choose a recipe whose outer transaction survives a rollback, such as join_transaction_mode='create_savepoint' on a connection.",
    links.JOINING,
)
def begin_recursed(cell: Evidence) -> Proof | None:
    proof = cell.find_error(types=("RecursionError",))
    tracebacks = [error.get("traceback") or "" for error in cell.facts["errors"] if error["type"] == "RecursionError"]
    return proof if any("in begin_nested" in text and "self.begin()" in text for text in tracebacks) else None


@theme.cause(
    "After a COMMIT sent as text, commit() had nothing to send",
    "The word COMMIT had ended the transaction past the session. In production the session's own commit() then fails, since its savepoint is gone; "
    "here it never reached the server, and the application went on as if all were well.",
    "Leave the session's methods as they are, and let the session end what it has begun.",
    links.SESSION,
)
def commit_sent_nothing(cell: Evidence) -> Proof | None:
    answered = any(mark.does == "error" for mark in cell.in_call(cell.client))
    if not cell.missed or was_refused(cell) or answered or not cell.sent("commit"):
        return None
    ends = [mark for mark in cell.in_call(cell.wire) if mark.does in ENDS_OF_WORK]
    return ends[-1].prove(", and nothing ended a transaction after it") if ends and ends[-1].does == "commit" else None
