"""Event loops, greenlets and connections that two tasks share."""

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Proof
from matrix.judging.causes.theme import Theme

theme = Theme("asyncio")


@theme.cause(
    "A connection was used in another event loop than its own",
    "The pool handed out a connection that had been opened in an earlier test's event loop. That loop is closed, or is not the one that runs now.",
    "Use one loop for engine and tests (loop_scope), build the engine per test, or use NullPool.",
    links.ASYNCIO + "#using-multiple-asyncio-event-loops",
)
def other_event_loop(cell: Evidence) -> Proof | None:
    return cell.find_error(r"attached to a different loop", r"event loop is closed", r"bound to a different event loop")


@theme.cause(
    "Database work was started outside the greenlet",
    "An attribute or call wanted to reach the database where nothing could await it. SQLAlchemy refused with MissingGreenlet.",
    "Load what is needed before (selectinload, refresh) or call it through run_sync; expire_on_commit=False avoids reloads after commit.",
    links.ASYNCIO + "#preventing-implicit-io-when-using-asyncsession",
)
def missing_greenlet(cell: Evidence) -> Proof | None:
    return cell.find_error(r"greenlet_spawn has not been called", types=("MissingGreenlet",))


@theme.cause(
    "Two tasks used one connection at the same time",
    "The fixture gives every session the same connection, and a second task used it while the first was waiting for its answer. "
    "In production each session would have had its own.",
    "Keep such tests off the shared connection: give each task its own session on the application's engine, and clean up afterwards.",
    links.ASYNCIO + "#using-asyncsession-with-concurrent-tasks",
)
def connection_shared_by_tasks(cell: Evidence) -> Proof | None:
    return cell.find_error(
        r"another operation (is )?in progress",
        r"concurrent operations are not permitted",
        r"readexactly\(\) called while another coroutine",
        r"another command is already in progress",
        types=("IllegalStateChangeError",),
    )


@theme.cause(
    "Two tasks used one session at the same time",
    "The fixture gives every task the same session. While one task waited for its INSERT, the other one's work reached into the same flush, "
    "and a row was sent without the value that the application had given it.",
    "Give each task a session of its own (an AsyncSession is not made for several tasks at once), and clean up after real commits.",
    links.ASYNCIO + "#using-asyncsession-with-concurrent-tasks",
)
def session_shared_by_tasks(cell: Evidence) -> Proof | None:
    lost = cell.find_error(r"null value in column", r"cannot be null", types=("NotNullViolation", "NotNullViolationError"), phase="call")
    return lost if lost and len({mark.lane for mark in cell.in_call(cell.wire)}) == 1 else None
