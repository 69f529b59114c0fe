"""What a transaction that never commits cannot show, whatever the fixture does about sessions."""

import re

from matrix.judging.causes import links
from matrix.judging.causes.commits import find_lost
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Mark, Proof
from matrix.judging.causes.theme import Theme
from matrix.judging.causes.undone import was_refused

theme = Theme("limits")

# What a connection has for itself: locks, the last id, variables.
OF_CONNECTION = re.compile(r"pg_try_advisory_lock\(|GET_LOCK\(|\b(NOWAIT|SKIP LOCKED)\b|\b(lastval|LAST_INSERT_ID)\(|(?<![@\w])@\w+", re.IGNORECASE)


@theme.cause(
    "The transaction's clock stands still",
    "now() and CURRENT_TIMESTAMP give the time at which the transaction began, and the whole test is one transaction. "
    "Production begins a new one after every commit, so there time moves on.",
    "Use clock_timestamp() where the order matters, set the times in Python, or test this with real commits.",
    links.POSTGRESQL + "functions-datetime.html#FUNCTIONS-DATETIME-CURRENT",
)
def clock_stands_still(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"\bnow\(\)|CURRENT_TIMESTAMP|transaction_timestamp\(")


@theme.cause(
    "Everything ran under one transaction id",
    "The server gives one id to the whole transaction, savepoints or not. "
    "Code that compares transaction ids or snapshots sees one transaction where production has several.",
    "Test such code with real commits and clean up after it.",
    links.POSTGRESQL + "functions-info.html#FUNCTIONS-INFO-SNAPSHOT",
)
def one_transaction_id(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"txid_current|pg_current_xact_id|pg_current_snapshot|\bxmin\b")


@theme.cause(
    "The notification waits for a COMMIT that never comes",
    "NOTIFY is delivered when the transaction commits, and the fixture's never does. Listeners hear nothing.",
    "Test notifications with real commits and clean up after it.",
    links.POSTGRESQL + "sql-notify.html",
)
def notification_not_sent(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"^\s*NOTIFY\b|pg_notify\(")


@theme.cause(
    "The deferred constraint was never checked",
    "A deferred constraint is checked at COMMIT, and none reached the server. The error that production raises at commit() did not come.",
    "Send SET CONSTRAINTS ALL IMMEDIATE at the end of the test, or test it with real commits.",
    links.POSTGRESQL + "sql-set-constraints.html",
)
def constraint_not_checked(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"\bDEFERR(ED|ABLE)\b")


@theme.cause(
    "What SET LOCAL had set was still set",
    "SET LOCAL lasts until the transaction ends, and none ended during the test. Production has forgotten the setting after the commit.",
    "Reset such settings at the end of the unit of work, or test what depends on them with real commits.",
    links.POSTGRESQL + "sql-set.html",
)
def local_setting_stays(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"\bSET\s+LOCAL\b|set_config\(.*\btrue\)")


@theme.cause(
    "The transaction stayed read-only",
    "SET TRANSACTION READ ONLY lasts until the transaction ends, and none ended during the test. Production may write again after the commit.",
    "Test code that mixes read-only and writing transactions with real commits.",
    links.POSTGRESQL + "sql-set-transaction.html",
)
def read_only_stays(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"^\s*SET\s+TRANSACTION\s+READ\s+ONLY")


@theme.cause(
    "The temporary table was never dropped",
    "ON COMMIT DROP drops a temporary table at COMMIT, and none reached the server. The next unit of work, which makes the table again, finds it there.",
    "Create it IF NOT EXISTS and empty it, or test such code with real commits.",
    links.POSTGRESQL + "sql-createtable.html",
)
def temporary_table_stays(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"\bON\s+COMMIT\s+(DROP|DELETE)\b")


@theme.cause(
    "The cursor stayed open",
    "A cursor of the server lives until its transaction ends, and none ended during the test. "
    "Production closes it at commit(), and whoever fetches afterwards is refused.",
    "Fetch everything before the commit, and test code that streams with real commits.",
    links.POSTGRESQL + "sql-declare.html",
)
def cursor_stays_open(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"^\s*DECLARE\b.*\bCURSOR\b")


@theme.cause(
    "A lock that ends with the transaction was still held",
    "pg_advisory_xact_lock() holds its lock until the transaction ends, and none ended during the test. "
    "Production gives the lock to the next session after the commit.",
    "Test locking between sessions with real commits.",
    links.POSTGRESQL + "explicit-locking.html#ADVISORY-LOCKS",
)
def transaction_lock_stays(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"pg_(try_)?advisory_xact_lock\(")


@theme.cause(
    "The connection that was lost held the fixture's transaction",
    "The application's connection ended in the middle of the test, and the fixture's transaction with it. "
    "Production takes a new connection from the pool; under the fixture every session stays bound to the lost one.",
    "Test lost connections and cancelled statements with the application's own engine and real commits.",
    links.POOLS + "#dealing-with-disconnects",
)
def outer_connection_lost(cell: Evidence) -> Proof | None:
    if not cell.breaks:
        return None
    closed = find_lost(cell)
    return closed and closed.prove(", on the connection of the fixture's transaction")


@theme.cause(
    "Two sessions were one session of the database",
    "Locks by name, row locks, variables and the last id belong to a connection, and all sessions of the test share one. "
    "Nobody is refused what another session holds, and one reads what the other left.",
    "Test what sessions keep from each other on connections of their own.",
    links.JOINING,
)
def one_database_session(cell: Evidence) -> Proof | None:
    if not cell.breaks or was_refused(cell):
        return None
    # a driver that begins by itself sends no BEGIN: the fixture's connection is known by its savepoint
    fixtures = cell.outer or {mark.lane for mark in cell.wire if mark.does == "savepoint"}
    for lane in sorted(fixtures):
        bound = [mark for mark in cell.in_call(cell.wire) if mark.lane == lane and OF_CONNECTION.search(mark.text)]
        others = [mark for mark in cell.in_call(cell.wire) if mark.lane != lane and OF_CONNECTION.search(mark.text)]
        if bound and not others and works_twice(bound, cell.in_call(cell.wire)):
            return bound[-1].prove(", on the connection on which the other session works too")
    return None


def works_twice(bound: list[Mark], calls: list[Mark]) -> bool:
    """True when the same was asked for twice on one connection, or after two rows were inserted there."""
    texts = [found[0].upper() for mark in bound if (found := OF_CONNECTION.search(mark.text))]
    inserts = [mark for mark in calls if mark.lane == bound[0].lane and mark.text.upper().startswith("INSERT")]
    return len(texts) > len(set(texts)) or len(inserts) > 1


def never_committed(cell: Evidence, pattern: str) -> Proof | None:
    """Return the statement that needed a COMMIT after it, when the test broke and its lane had none during the call."""
    if not cell.breaks:
        return None
    mark = cell.find_text(pattern, cell.in_call(cell.wire))
    if mark is None or commits_after(cell, mark):
        return None
    return mark.prove(", and no COMMIT followed on this lane during the test")


def commits_after(cell: Evidence, mark: Mark) -> bool:
    return any(m.does == "commit" and m.lane == mark.lane and m.index > mark.index for m in cell.in_call(cell.wire))
