"""Why the application saw something else than in production: its work was undone, or never took effect."""

import re
from collections.abc import Iterator
from itertools import dropwhile

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import ENDS_OF_WORK, Mark, Proof, uses_tables
from matrix.judging.causes.statements import is_write, tidy
from matrix.judging.causes.theme import Theme

theme = Theme("undone")

TWO_ROWS = re.compile(r"\bVALUES\s*\([^()]*\)\s*,\s*\(", re.IGNORECASE)


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
        if mark.does == "rollback" and mark.phase == "call" and mark.lane in cell.outer & written and goes_on(cell, mark):
            return mark.prove()
        written |= {mark.lane} if is_write(mark.text) else set()
    return None


@theme.cause(
    "commit() never became a COMMIT, so ROLLBACK undid it",
    "The session opened an ordinary transaction of its own, and what the application committed never reached the server as COMMIT. "
    "Its rollback() or close() then undid what production keeps.",
    "Leave session.commit() as it is and give it a savepoint to release, on a connection whose transaction the fixture rolls back.",
    links.JOINING,
)
def commit_swallowed(cell: Evidence) -> Proof | None:
    if not cell.missed:  # nothing that production keeps was missed
        return None
    # Where the fixture holds a transaction elsewhere, only a released savepoint shows that the application committed.
    written: set[int] = set()
    committed: set[int] = set()
    witness = "server" if cell.server else "client"
    for mark in cell.in_call(cell.marks):
        # a connection that is lost loses its work too, and only the client can tell
        if mark.source != witness and mark.does != "close":
            continue
        if mark.does == "commit":
            return None
        if mark.does in ("rollback", "close") and mark.lane in (committed - cell.outer if cell.outer else written) and goes_on(cell, mark):
            return mark.prove(", and no COMMIT had come before it")
        written |= {mark.lane} if is_write(mark.text) else set()
        committed |= {mark.lane} & written if mark.does == "release" else set()
    return None


@theme.cause(
    "commit() never became a COMMIT, so the session read nothing anew",
    "After a real commit the session reads again what it holds, because others may have changed it. "
    "Here neither COMMIT nor RELEASE reached the server, and the object that the test looked at was never read after the last UPDATE.",
    "Leave session.commit() as it is and give it a savepoint to release.",
    links.JOINING,
)
def nothing_expired(cell: Evidence) -> Proof | None:
    calls = list(dropwhile(lambda mark: not is_write(mark.text), cell.in_call(cell.wire)))  # drivers roll back when they connect
    if not cell.missed or was_refused(cell) or any(mark.does in ENDS_OF_WORK for mark in calls):
        return None
    last = next((mark for mark in reversed(calls) if uses_tables(mark)), None)
    return last.prove(", and nothing was read after it") if last and tidy(last.text).startswith("UPDATE") else None


@theme.cause(
    "commit() released a savepoint, and the session read nothing anew",
    "Only the commit of a session's outermost transaction expires its objects, because others may have changed them. "
    "Here commit() released a savepoint, none was set after it, and the object was never read after the last UPDATE.",
    "Choose a recipe whose savepoint is the session's own outermost transaction: join_transaction_mode='create_savepoint'.",
    links.JOINING,
)
def savepoint_expired_nothing(cell: Evidence) -> Proof | None:
    calls = cell.in_call(cell.wire)
    ends = [mark for mark in calls if mark.does in (*ENDS_OF_WORK, "savepoint")]
    if not cell.missed or was_refused(cell) or not ends or ends[-1].does != "release":
        return None
    last = next((mark for mark in reversed(calls) if uses_tables(mark)), None)
    stale = last is not None and last.index > ends[-1].index and tidy(last.text).startswith("UPDATE")
    return ends[-1].prove(", and nothing was read after the UPDATE that followed") if stale else None


@theme.cause(
    "ROLLBACK TO undid work that had been committed",
    "commit() had set no new savepoint, so the next rollback went back to the one that the fixture had set before the test. "
    "Work that production keeps was undone with it.",
    "Let commit() release the savepoint and set a new one: join_transaction_mode='create_savepoint' or the restarting listener.",
    links.JOINING,
)
def savepoint_undid_commit(cell: Evidence) -> Proof | None:
    if not cell.missed:  # a teardown that fails says why itself
        return None
    found = [mark for lane in sorted(cell.outer | cell.undone_at_end) for mark in find_undone(cell, lane) if goes_on(cell, mark)]
    return min(found, key=lambda mark: mark.index).prove() if found else None


@theme.cause(
    "ROLLBACK TO went back to a savepoint that was set after the work",
    "Savepoints were set between the application's write and its rollback(), and nothing ever ended the first of them. "
    "The rollback ended the last one only, which came after the write, so the write stayed.",
    "Bind the session to the connection itself, so that it knows which savepoint it works in: create_scoped_session(options={'bind': connection}).",
    "https://github.com/jeancochrane/pytest-flask-sqlalchemy/issues/45",
)
def savepoint_after_work(cell: Evidence) -> Proof | None:
    if not cell.breaks or was_refused(cell):
        return None
    last = max((mark.index for mark in cell.in_call(cell.wire) if uses_tables(mark)), default=0)
    found = [mark for lane in sorted(cell.outer) for mark in find_short_rollbacks(cell, lane) if mark.index < last]
    return min(found, key=lambda mark: mark.index).prove(", which was set after the work") if found else None


@theme.cause(
    "Nothing ended the work, so nothing could undo or keep it",
    "After the last write no COMMIT, ROLLBACK, RELEASE or ROLLBACK TO reached the server for the rest of the test, "
    "and the application met its own unfinished work: it read it, or a row of the same name was refused. "
    "The session's commit(), rollback() or close() had been replaced, or had no savepoint left to end.",
    "Leave the session's methods as they are and keep a savepoint under it: join_transaction_mode='create_savepoint'.",
    links.JOINING,
)
def nothing_ended(cell: Evidence) -> Proof | None:
    calls = cell.in_call(cell.wire)
    writes = [mark for mark in calls if is_write(mark.text)]
    if cell.missed and cell.find_error(types=("IntegrityError",), phase="call"):
        return find_refused_twin(cell, writes)
    if not cell.missed or was_refused(cell):
        return None
    if not writes or writes[-1].lane not in cell.outer or any(mark.lane != writes[-1].lane for mark in calls):
        return None
    after = [mark for mark in calls if mark.index > writes[-1].index]
    if any(mark.does in ENDS_OF_WORK for mark in after):
        return None
    read = next((mark for mark in after if uses_tables(mark)), None)
    return read and read.prove(", after a write that nothing had ended")


def find_refused_twin(cell: Evidence, writes: list[Mark]) -> Proof | None:
    """Return the last write, which was refused, as a proof when the one before it went the same way and nothing ended that.

    Rows that only waited to be written may come with the refused one, in the same statement.
    """
    if not writes or writes[-1].lane not in cell.outer:
        return None
    if len(writes) == 1:
        return writes[0].prove(", with a row in it that should have been let go of") if TWO_ROWS.search(writes[0].text) else None
    first, second = writes[-2:]
    between = [mark for mark in cell.in_call(cell.wire) if first.index < mark.index < second.index]
    twins = first.lane == second.lane and first.text.split("VALUES")[0] == second.text.split("VALUES")[0]
    if not twins or any(mark.does in ENDS_OF_WORK for mark in between):
        return None
    return second.prove(", which met a row that nothing had ended")


def find_undone(cell: Evidence, lane: int) -> Iterator[Mark]:
    """Yield each ROLLBACK TO during the test that ended one of the fixture's savepoints after something was written."""
    written = False
    for mark, _, ended in cell.replay_savepoints(lane):
        if mark.does == "rollback_to" and ended and ended.index in cell.own_savepoints and written and mark.phase == "call":
            yield mark
        written = written or (is_write(mark.text) and mark.phase == "call")


def find_short_rollbacks(cell: Evidence, lane: int) -> Iterator[Mark]:
    """Yield each ROLLBACK TO during the test that missed a write: a savepoint was set after that and never ended, and another one on top."""
    steps = [step for step in cell.replay_savepoints(lane) if step[0].phase == "call"]
    ends = {ended.index for _, _, ended in steps if ended}
    writes: list[int] = []
    for mark, open_now, ended in steps:
        if is_write(mark.text):
            writes.append(mark.index)
        elif ended:
            writes = [index for index in writes if index < ended.index]
            forgotten = [other.index for other in open_now if other.index not in ends and other.index < ended.index]
            if mark.does == "rollback_to" and writes and forgotten and writes[0] < forgotten[-1]:
                yield mark


def goes_on(cell: Evidence, mark: Mark) -> bool:
    """False when a ROLLBACK only cleaned up after the exception that failed the test: then it is not what went wrong."""
    asserted = any(error["assertion"] for error in cell.facts["errors"])
    return asserted or any(later.index > mark.index and later.does in ("statement", "error") for later in cell.in_call(cell.marks))


def was_refused(cell: Evidence) -> bool:
    """True when SQLAlchemy or the server raised: then something was refused, not left standing."""
    return any(error["type"].startswith("sqlalchemy.") for error in cell.facts["errors"])
