"""What a transaction that never commits cannot show, whatever the fixture does about sessions."""

from reports.causes import links
from reports.causes.evidence import Evidence
from reports.causes.marks import Mark, Proof
from reports.causes.theme import Theme

theme = Theme("limits")


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
    "NOTIFY is delivered when the transaction commits, and the fixture's never does. "
    "Listeners hear nothing.",
    "Test notifications with real commits and clean up after it.",
    links.POSTGRESQL + "sql-notify.html",
)
def notification_not_sent(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"^\s*NOTIFY\b|pg_notify\(")


@theme.cause(
    "The deferred constraint was never checked",
    "A deferred constraint is checked at COMMIT, and none reached the server. "
    "The error that production raises at commit() did not come.",
    "Send SET CONSTRAINTS ALL IMMEDIATE at the end of the test, or test it with real commits.",
    links.POSTGRESQL + "sql-set-constraints.html",
)
def constraint_not_checked(cell: Evidence) -> Proof | None:
    return never_committed(cell, r"\bDEFERR(ED|ABLE)\b")


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
