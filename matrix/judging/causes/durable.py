"""What made a write durable: something committed that the fixture's rollback could no longer undo."""

from matrix.judging.causes import links
from matrix.judging.causes.commits import (
    cleans_up,
    commits_silently,
    find_lost,
    find_unasked_commit,
    prove_first,
    savepoint_was_spent,
    sets_autocommit,
    was_rolled_back,
)  # fmt: skip
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Proof
from matrix.judging.causes.remains import OBJECT_KINDS
from matrix.judging.causes.statements import is_cleanup, is_ddl, is_write
from matrix.judging.causes.theme import Theme

theme = Theme("durable")


@theme.cause(
    "The application sent COMMIT as text",
    "The word COMMIT reached the server as a statement of its own, past the session and its savepoints. "
    "It ended the fixture's transaction, and everything before it became durable.",
    "Isolate such code with a database of its own, or clean up after it; no transaction around the test survives a literal COMMIT.",
    links.SESSION,
)
def text_commit(cell: Evidence) -> Proof | None:
    if not cell.leaks or not cell.sent("commit"):
        return None
    mark = find_unasked_commit(cell) or next((mark for mark in cell.in_call(cell.wire) if mark.does == "commit"), None)
    return mark and mark.prove()


@theme.cause(
    "The driver's own commit() was called",
    "COMMIT reached the server although SQLAlchemy had sent none: code took the raw connection and called the driver's commit(). "
    "Neither session events nor savepoint modes see that.",
    "Hand the application a connection of the test's engine instead of a raw one, or use a fixture that cleans a real commit.",
    links.RAW,
)
def driver_commit(cell: Evidence) -> Proof | None:
    mark = find_unasked_commit(cell) if cell.leaks else None
    return mark and mark.prove(", and no commit was asked of SQLAlchemy")


@theme.cause(
    "DDL committed the transaction",
    "MySQL and MariaDB commit the open transaction before a statement such as CREATE, ALTER or TRUNCATE. "
    "The fixture's transaction and all its savepoints ended there, and its rollback had nothing left to undo.",
    "Keep schema changes out of tests that share a database, or give such tests a database of their own.",
    links.MYSQL + "implicit-commit.html",
)
def ddl_implicit_commit(cell: Evidence) -> Proof | None:
    if not cell.leaks or not cell.implicit_commits:
        return None
    silent = [mark for mark in cell.in_call(cell.wire) if mark.event == "implicit_commit" and not commits_silently(mark)]
    mark = next((mark for mark in cell.in_call(cell.wire) if mark in silent or is_ddl(mark.text)), None)
    return mark and mark.prove()


@theme.cause(
    "A statement committed the transaction without saying COMMIT",
    "On MySQL and MariaDB a second START TRANSACTION, LOCK TABLES or SET autocommit = 1 commits what is open. The fixture's transaction ended there.",
    "Let the session manage the transaction instead of sending such statements, or clean up after a real commit.",
    links.MYSQL + "implicit-commit.html",
)
def statement_implicit_commit(cell: Evidence) -> Proof | None:
    if not cell.leaks or not cell.implicit_commits:
        return None
    written = set()
    for mark in cell.wire:
        if mark.lane in written and mark.phase == "call" and commits_silently(mark):
            return mark.prove()
        if mark.does in ("commit", "rollback"):
            written.discard(mark.lane)
        elif is_write(mark.text):
            written.add(mark.lane)
    return None


@theme.cause(
    "The connection was in autocommit mode",
    "The statement reached the server outside any transaction, so it was durable at once. There was nothing that a rollback could undo.",
    "Set isolation_level='AUTOCOMMIT' only on connections that the test may write to for real, and clean up after them.",
    links.AUTOCOMMIT,
)
def autocommit_write(cell: Evidence) -> Proof | None:
    if not cell.leaks or not cell.server:
        return None
    inside = dict.fromkeys((mark.lane for mark in cell.server), cell.implicit_commits)
    for mark in cell.server:
        if sets_autocommit(mark) is not None:
            inside[mark.lane] = not sets_autocommit(mark)
        elif mark.does == "begin":
            inside[mark.lane] = True
        elif mark.does in ("commit", "rollback", "prepare") and not cell.implicit_commits:
            inside[mark.lane] = False
        elif not inside[mark.lane] and mark.phase == "call" and is_write(mark.text):
            return mark.prove(" outside a transaction")
    return None


@theme.cause(
    "A two-phase transaction was committed",
    "The transaction was prepared and then committed by its own identifier, which no outer transaction can enclose. Its writes are durable.",
    "Test two-phase code on a database of its own, or clean up after it.",
    links.TWO_PHASE,
)
def two_phase_commit(cell: Evidence) -> Proof | None:
    mark = next((mark for mark in cell.in_call(cell.wire) if mark.does == "commit_prepared"), None)
    return mark.prove() if cell.leaks and mark else None


@theme.cause(
    "The only savepoint was used up; the next commit was real",
    "The first commit() released the fixture's savepoint and no new one was set. "
    "The next commit() therefore ended the transaction itself, and COMMIT reached the server.",
    "Use join_transaction_mode='create_savepoint' (SQLAlchemy 2.0), or a listener that sets a new savepoint each time one ends.",
    links.JOINING,
)
def savepoint_used_up(cell: Evidence) -> Proof | None:
    return prove_first(cell, lambda commit: commit.mark.lane in cell.outer and savepoint_was_spent(cell, commit))


@theme.cause(
    "After the fixture's connection was lost, COMMIT was real",
    "The connection ended in the middle of the test, and the fixture's transaction with it. "
    "SQLAlchemy connected anew, and on the new connection nothing stood between commit() and the database.",
    "Test lost connections and cancelled statements with the application's own engine, and clean up after it.",
    links.POOLS + "#dealing-with-disconnects",
)
def commit_after_lost_connection(cell: Evidence) -> Proof | None:
    closed = find_lost(cell) if cell.leaks else None
    if closed is None or not any(commit.mark.index > closed.index for commit in cell.commits):
        return None
    return closed.prove(", on the connection of the fixture's transaction, and a COMMIT came after it")


@theme.cause(
    "After a ROLLBACK of the fixture's transaction, COMMIT was real",
    "The application's rollback() ended the transaction that the fixture had begun. "
    "What came after ran in a new transaction on the same connection, and its commit() reached the server.",
    "Use join_transaction_mode='create_savepoint' (SQLAlchemy 2.0) or the 1.4 recipe with a savepoint, so that rollback() ends a savepoint only.",
    links.JOINING,
)
def commit_after_rollback(cell: Evidence) -> Proof | None:
    return prove_first(cell, lambda commit: commit.mark.lane in cell.outer and was_rolled_back(commit))


@theme.cause(
    "COMMIT reached the server on the fixture's connection",
    "The session's commit() committed the very transaction that the fixture had begun to roll back later. "
    "Nothing stood between the session and that transaction.",
    "Bind the session with join_transaction_mode='create_savepoint' (SQLAlchemy 2.0), or put a savepoint with a restarting listener under it.",
    links.JOINING,
)
def outer_commit(cell: Evidence) -> Proof | None:
    return prove_first(cell, lambda commit: commit.mark.lane in cell.outer)


@theme.cause(
    "The work was committed on another connection than the fixture's",
    "The application had a second connection checked out, outside the transaction that the fixture rolls back. What it committed there is durable.",
    "Bind the application's own session factory and engine to the test's connection, not just one session.",
    links.JOINING,
)
def second_connection_commit(cell: Evidence) -> Proof | None:
    return prove_first(cell, lambda commit: bool(cell.outer) and commit.mark.lane not in cell.outer)


@theme.cause(
    "The clean-up did not reach everything that was committed",
    "The fixture lets commits through and cleans up with DELETE, TRUNCATE or DROP. What was committed lies outside the tables that it cleans.",
    "Clean up every table that the application writes, including those outside the metadata, or use a database per test.",
    links.METADATA,
)
def cleanup_missed(cell: Evidence) -> Proof | None:
    if not cell.find_residue("rows_added", *OBJECT_KINDS) or not cleans_up(cell):
        return None
    return prove_first(cell, lambda commit: not cell.outer and not is_cleanup(commit.write.text))


@theme.cause(
    "No transaction was open around the test",
    "The fixture had begun no transaction on any connection when the test started. The application's commit() was an ordinary, durable commit.",
    "Begin a transaction on a connection in the fixture and bind the session to that connection.",
    links.JOINING,
)
def no_outer_transaction(cell: Evidence) -> Proof | None:
    return prove_first(cell, lambda commit: not cell.outer and not cleans_up(cell))
