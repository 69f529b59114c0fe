"""Why the application saw something else than in production: work was hidden from it, or shared against its will."""

import re

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Mark, Proof, reads, uses_tables
from matrix.judging.causes.statements import is_write
from matrix.judging.causes.undone import theme as theme
from matrix.judging.causes.undone import was_refused

# What SQLAlchemy asks SQLite when it looks for tables; no server of the matrix knows it.
SQLITE = re.compile(r"PRAGMA\s", re.IGNORECASE)
# pytest's words for a list that is longer than expected.
MORE = re.compile(r"Left contains (one|\d+) more items?")


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
    # The timeline may lack the client's statements.
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
        read = next((mark for mark in after if mark.does != "savepoint"), None)
        if read is None or read.does != "statement":
            continue
        if around[calls[last].index] and read not in after[:1]:
            return read.prove(", in a savepoint on top of the one that still held unfinished work")
        if cell.missed and len(around[calls[last].index]) > 1 and is_undone_in_call(cell, lane, around[calls[last].index][-1]):
            return read.prove(", below the savepoint of another session that still held unfinished work")
    return None


def is_undone_in_call(cell: Evidence, lane: int, savepoint: Mark) -> bool:
    """Say whether the application itself rolled back to a savepoint."""
    return any(ended is savepoint and mark.does == "rollback_to" and mark.phase == "call" for mark, _, ended in cell.replay_savepoints(lane))


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


def find_lock_error(cell: Evidence) -> Proof | None:
    """Return the error by which the server refused to wait, or to wait longer, for a lock."""
    return cell.find_error(r"lock wait timeout exceeded", r"could not obtain lock", r"due to lock timeout", r"NOWAIT is set", types=("LockNotAvailable",))
