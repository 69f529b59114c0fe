"""Why the application saw something else than in production: work was undone, or hidden from it."""

import re
from collections.abc import Iterator

from reports.causes import links
from reports.causes.evidence import Evidence
from reports.causes.marks import Mark, Proof
from reports.causes.statements import is_write, tidy
from reports.causes.theme import Theme

theme = Theme("undone")

DRIVER_TALK = re.compile(r"pg_type|pg_catalog|current_schema\(\)|@@|\bVERSION\(\)|test (plain|unicode) returns", re.IGNORECASE)

# What SQLAlchemy asks SQLite when it looks for tables; no server of the matrix knows it.
SQLITE = re.compile(r"PRAGMA\s", re.IGNORECASE)
# pytest's words for a list that is longer than expected.
MORE = re.compile(r"Left contains (one|\d+) more items?")


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
    if not cell.breaks:
        return None
    # Where the fixture holds a transaction elsewhere, only a released savepoint shows that the application committed.
    written, committed, witness = set(), set(), "server" if cell.server else "client"
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
    calls = cell.in_call(cell.wire)
    if not cell.breaks or was_refused(cell) or any(mark.does in ("commit", "release", "rollback", "rollback_to") for mark in calls):
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
    ends = [mark for mark in calls if mark.does in ("commit", "release", "rollback", "rollback_to", "savepoint")]
    if not cell.breaks or was_refused(cell) or not ends or ends[-1].does != "release":
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
    if not cell.breaks:
        return None
    found = [mark for lane in sorted(cell.outer) for mark in find_undone(cell, lane)]
    return min(found, key=lambda mark: mark.index).prove() if found else None


@theme.cause(
    "A second connection does not see work that was never really committed",
    "The application worked on another connection than the one it had written on. "
    "The first one's transaction was still open, and its work is invisible to everyone else.",
    "Bind the application's engine or factory to the test's connection, or use a fixture that really commits and cleans up.",
    links.JOINING,
)
def second_connection_blind(cell: Evidence) -> Proof | None:
    if not cell.breaks or find_lock_error(cell):
        return None
    uncommitted: set[int] = set()
    for mark in cell.wire:
        if mark.does in ("commit", "rollback"):
            uncommitted.discard(mark.lane)
        elif uses_tables(mark) and mark.phase == "call" and mark.lane not in cell.outer and uncommitted - {mark.lane}:
            return mark.prove(", while what was written on another lane was not committed")
        elif is_write(mark.text):
            uncommitted.add(mark.lane)
    return None


@theme.cause(
    "The test's database or schema is new, without the rows that were there",
    "The fixture gives every test a new database or schema, and the rows that the application expects were written to another one. "
    "The new one does not have them.",
    "Write seed rows into the template before it is copied, or into each new database or schema.",
    links.POSTGRESQL + "manage-ag-templatedbs.html",
)
def copy_lacks_rows(cell: Evidence) -> Proof | None:
    made = cell.find_text(r"CREATE\s+(DATABASE|SCHEMA|TABLE)", [mark for mark in cell.marks if mark.phase == "setup"])
    used = [mark for mark in cell.in_call(cell.wire) if uses_tables(mark)]
    if not cell.breaks or made is None or not used or not reads(used[0]):
        return None
    return made.prove(", and the test read rows that it had not written")


@theme.cause(
    "The application works in another database, which does not have the rows that were there",
    "The fixture gives the application an SQLite database of its own, and the rows that it expects are on the server. "
    "Nothing that is there, seed rows or the work of others, can be seen from it.",
    "Write seed rows into the test's own database, or test on the kind of database that production has.",
    links.SQLITE,
)
def other_database(cell: Evidence) -> Proof | None:
    if not cell.breaks or not cell.facts["errors"]:
        return None
    # The confirmation may lack the client's statements, so the first pass is asked too.
    if mark := find_sqlite_read(cell.client):
        return mark.prove(", to SQLite, and it read rows that it had not written there")
    mark = find_sqlite_read(cell.other_client)
    return mark and Proof(mark.prove(", to SQLite, in the other pass").text, fact="errors/0")


@theme.cause(
    "One session's commit() kept what another one had yet to undo",
    "Two sessions of the application worked on one connection, in the same transaction or savepoint. "
    "The commit() of one ended it for both, so the other one's rollback() came too late.",
    "Give each session a connection of its own, or at least a savepoint of its own; test such code with real commits.",
    links.JOINING,
)
def commit_of_another_session(cell: Evidence) -> Proof | None:
    if not cell.breaks:
        return None
    mark = find_commit_of_both(cell) or find_kept_too_much(cell)
    return mark and mark.prove(", and with it all that had been written on this lane")


@theme.cause(
    "Another session read unfinished work through the shared connection",
    "A session's savepoint was still open, its work neither committed nor rolled back, when another session set a savepoint on top of it. "
    "On the one connection that all sessions share, the second one reads what production would have hidden or undone.",
    "Roll sessions back before they are closed, and test what other sessions must not see on connections of their own.",
    links.JOINING,
)
def unfinished_work_read(cell: Evidence) -> Proof | None:
    if not cell.breaks or was_refused(cell):
        return None
    for lane in sorted(cell.outer):
        calls = [mark for mark in cell.in_call(cell.wire) if mark.lane == lane]
        last = max((position for position, mark in enumerate(calls) if is_write(mark.text)), default=None)
        if last is None:
            continue
        around = {mark.index: open_now for mark, open_now, _ in cell.replay_savepoints(lane)}
        after = [mark for mark in calls[last + 1 :] if mark.does != "statement" or uses_tables(mark)]
        if around[calls[last].index] and [mark.does for mark in after[:2]] == ["savepoint", "statement"]:
            return after[1].prove(", in a savepoint on top of the one that still held unfinished work")
    return None


@theme.cause(
    "Nothing ended the work, so nothing could undo or keep it",
    "After the last write no COMMIT, ROLLBACK, RELEASE or ROLLBACK TO reached the server for the rest of the test, and the application read its own unfinished work. "
    "The session's commit(), rollback() or close() had been replaced, or had no savepoint left to end.",
    "Leave the session's methods as they are and keep a savepoint under it: join_transaction_mode='create_savepoint'.",
    links.JOINING,
)
def nothing_ended(cell: Evidence) -> Proof | None:
    if not cell.breaks or cell.facts["phases"]["call"] != "failed" or was_refused(cell):
        return None
    calls = cell.in_call(cell.wire)
    writes = [mark for mark in calls if is_write(mark.text)]
    if not writes or writes[-1].lane not in cell.outer or any(mark.lane != writes[-1].lane for mark in calls):
        return None
    after = [mark for mark in calls if mark.index > writes[-1].index]
    if any(mark.does in ("commit", "rollback", "rollback_to", "release") for mark in after):
        return None
    read = next((mark for mark in after if uses_tables(mark)), None)
    return read and read.prove(", after a write that nothing had ended")


def find_lock_error(cell: Evidence) -> Proof | None:
    """Return the error by which the server refused to wait, or to wait longer, for a lock."""
    return cell.find_error(
        r"lock wait timeout exceeded", r"could not obtain lock", r"due to lock timeout", r"NOWAIT is set", types=("LockNotAvailable",)
    )


def find_sqlite_read(client: list[Mark]) -> Mark | None:
    """Return the application's first use of tables, if that was a read on a lane that talks to SQLite."""
    lanes = {mark.lane for mark in client if SQLITE.match(mark.text)}
    used = [mark for mark in client if mark.phase == "call" and uses_tables(mark)]
    return used[0] if used and used[0].lane in lanes and reads(used[0]) else None


def find_commit_of_both(cell: Evidence) -> Mark | None:
    """Return the first commit, or release, of a connection that was handed out twice and not yet given back once."""
    holders: dict[int, int] = {}
    for mark in cell.in_call(cell.client):
        if mark.event in ("checkout", "checkin"):
            holders[mark.lane] = holders.get(mark.lane, 0) + (1 if mark.event == "checkout" else -1)
        elif mark.does in ("commit", "release") and holders.get(mark.lane, 0) > 1:
            return mark
    return None


def find_kept_too_much(cell: Evidence) -> Mark | None:
    """Return the RELEASE that kept several writes of one savepoint, when the test then found more rows than it should."""
    if not any(error["assertion"] and MORE.search(error["message"]) for error in cell.facts["errors"]):
        return None
    writes: dict[int, int] = {}
    for mark in cell.in_call(cell.wire):
        if mark.does in ("savepoint", "rollback", "rollback_to"):
            writes[mark.lane] = 0
        elif mark.does == "release" and mark.lane in cell.outer and writes.get(mark.lane, 0) > 1:
            return mark
        elif is_write(mark.text):
            writes[mark.lane] = writes.get(mark.lane, 0) + 1
    return None


def find_undone(cell: Evidence, lane: int) -> Iterator[Mark]:
    """Yield each ROLLBACK TO during the test that ended one of the fixture's savepoints after something was written."""
    written = False
    for mark, _, ended in cell.replay_savepoints(lane):
        if mark.does == "rollback_to" and ended and ended.index in cell.own_savepoints and written and mark.phase == "call":
            yield mark
        written = written or (is_write(mark.text) and mark.phase == "call")


def goes_on(cell: Evidence, mark: Mark) -> bool:
    """False when a ROLLBACK only cleaned up after the exception that failed the test: then it is not what went wrong."""
    asserted = any(error["assertion"] for error in cell.facts["errors"])
    return asserted or any(later.index > mark.index and later.does in ("statement", "error") for later in cell.in_call(cell.marks))


def reads(mark: Mark) -> bool:
    return mark.text.lstrip().upper().startswith(("SELECT", "WITH", "TABLE"))


def was_refused(cell: Evidence) -> bool:
    """True when SQLAlchemy or the server raised: then something was refused, not left standing."""
    return any(error["type"].startswith("sqlalchemy.") for error in cell.facts["errors"])


def uses_tables(mark: Mark) -> bool:
    """True for work of the application; what a driver asks for when it connects does not count."""
    return (reads(mark) or is_write(mark.text)) and not DRIVER_TALK.search(mark.text)
