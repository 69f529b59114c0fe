"""What goes wrong because one connection was given to two holders at the same time."""

import re

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Mark, Proof, reads, uses_tables
from matrix.judging.causes.statements import is_write
from matrix.judging.causes.theme import Theme

theme = Theme("shared")
ENDS_A_CONNECTION = re.compile(r"(?:KILL|pg_terminate_backend\()\s*(?:CONNECTION\s+)?(\d+)", re.IGNORECASE)
MADE_SCHEMA = re.compile(r"CREATE\s+SCHEMA\s+(\w+)", re.IGNORECASE)


@theme.cause(
    "One connection was given to two sessions at the same time",
    "While a session had unfinished work on a connection, the pool gave the same connection to another one. "
    "The second one read, in the same transaction, what production hides from it.",
    "Test what sessions must not see of each other on connections of their own, with real commits.",
    links.JOINING,
)
def connection_given_twice(cell: Evidence) -> Proof | None:
    again = find_second_checkout(cell)
    if not cell.breaks or again is None or not any(error["assertion"] for error in cell.facts["errors"]):
        return None
    calls = cell.in_call(cell.wire)
    before = [mark for mark in calls if mark.index < again.index and (uses_tables(mark) or mark.does in ("commit", "release"))]
    after = [mark for mark in calls if mark.index > again.index and uses_tables(mark)]
    if not before or not is_write(before[-1].text) or not after or not reads(after[0]) or after[0].lane != before[-1].lane:
        return None
    return again.prove(", which held unfinished work and had not been given back")


@theme.cause(
    "The connection was told to end itself",
    "The application ends another connection of the server by its number. "
    "On the one connection that the fixture gives to everybody, that other one is its own.",
    "Test lost connections with the application's own engine and real commits.",
    links.POOLS + "#dealing-with-disconnects",
)
def connection_ended_itself(cell: Evidence) -> Proof | None:
    for mark in cell.in_call(cell.wire):
        named = ENDS_A_CONNECTION.search(mark.text)
        if cell.breaks and named and mark.backend == int(named[1]):
            return mark.prove(", on the very connection that it names")
    return None


@theme.cause(
    "A session that is bound to a connection takes no options",
    "The application asked for its transaction's connection with options, an isolation level say. "
    "Before SQLAlchemy 2.0 that makes a copy of the connection that the fixture bound the session to, and the session takes the copy for another one.",
    "Upgrade to SQLAlchemy 2.0, or test such code on the application's own engine with real commits.",
    links.CONNECTIONS + "#setting-transaction-isolation-levels-including-dbapi-autocommit",
)
def options_on_bound_session(cell: Evidence) -> Proof | None:
    return cell.find_error(r"session already has a connection associated for the given connection's engine", phase="call")


@theme.cause(
    "A thread was refused the test's connection",
    "The fixture gives its connection to the thread of the test alone. The application worked in another thread, as production lets it.",
    "Allow the thread, or test background work with real commits.",
    "https://hexdocs.pm/ecto_sql/Ecto.Adapters.SQL.Sandbox.html#module-allowances",
)
def thread_refused(cell: Evidence) -> Proof | None:
    return cell.find_error(r"thread \S+( \(\w+\))? owns no connection")


@theme.cause(
    "SQL text named a table that schema_translate_map does not reach",
    "SQLAlchemy writes the test's schema before the tables of its own constructs, not into text. "
    "The text named the tables without it, and these are others, without the test's rows.",
    "Find the schema by search_path, or by a database of its own, if the application has SQL in text.",
    "https://docs.sqlalchemy.org/en/20/core/connections.html#translation-of-schema-names",
)
def text_not_translated(cell: Evidence) -> Proof | None:
    made = next((found[1] for mark in cell.marks if mark.phase == "setup" and (found := MADE_SCHEMA.search(mark.text))), None)
    calls = [mark for mark in cell.in_call(cell.wire) if uses_tables(mark)]
    if not cell.breaks or made is None or not any(made + "." in mark.text.replace("`", "") for mark in calls):
        return None
    bare = next((mark for mark in calls if not re.search(r"\w\.\w+|\w`\.", mark.text)), None)
    return bare and bare.prove(f", past the schema {made}")


@theme.cause(
    "The application got the same session every time",
    "The fixture's factory returns one session, however often the application asks for a new one. "
    "Nothing is hidden from it: it reads its own work, and no lock of its own stands in its way.",
    "Give the application a factory that makes a new session for every call.",
    links.JOINING,
)
def same_session_every_time(cell: Evidence) -> Proof | None:
    calls = cell.in_call(cell.wire)
    checkouts = [mark for mark in cell.in_call(cell.client) if mark.event == "checkout"]
    prepared = list_prepared(cell)
    asserted = any(error["assertion"] or error["type"] == "Failed" for error in cell.facts["errors"])
    if not cell.breaks or not asserted or len(checkouts) != 1 or {mark.lane for mark in calls} != {checkouts[0].lane} or not prepared - {checkouts[0].lane}:
        return None
    return checkouts[0].prove(", the only one, while the connection that the fixture had prepared was not used")


@theme.cause(
    "The pool gave the fixture's connection to somebody else, who ended its transaction",
    "A pool with one connection for everybody hands it out again while the fixture's transaction is open on it. The second holder "
    "begins and ends what he takes for his own transaction, and the fixture's is over, with its savepoints.",
    "Give the engine a pool that hands each connection to one holder at a time (QueuePool, NullPool), and keep one for the fixture.",
    links.POOLS + "#sqlalchemy.pool.SingletonThreadPool",
)
def pool_shares_connection(cell: Evidence) -> Proof | None:
    second = find_second_begin(cell)
    if second is None:
        return None
    ended = next((mark for mark in cell.wire if mark.does in ("commit", "rollback") and mark.lane == second.lane and mark.at >= second.at), None)
    return ended and ended.prove(", from a second holder of the connection")


def find_second_begin(cell: Evidence) -> Mark | None:
    """Return where a transaction was begun through SQLAlchemy during the test on a connection on which set-up had left one open.

    What the application sends as text is begun by the one holder there is.
    """
    open_now: set[int] = set()
    for mark in cell.said:
        if mark.event == "begin" and mark.lane in open_now and mark.phase != "setup":
            return mark
        if mark.event == "begin" and mark.phase == "setup":
            open_now.add(mark.lane)
        elif mark.does in ("commit", "rollback") or mark.event in ("close", "checkin"):
            open_now.discard(mark.lane)
    return None


def list_prepared(cell: Evidence) -> set[int]:
    """Return the lanes that a fixture had begun something on and kept.

    Seed data is written on one that is given back before the test, and no transaction holds a CREATE DATABASE.
    """
    prepared: set[int] = set()
    for mark in cell.marks:
        if mark.phase == "setup" and mark.source == "client" and mark.does == "begin":
            prepared.add(mark.lane)
        elif mark.phase == "setup" and (mark.event in ("checkin", "close") or mark.text.startswith("CREATE DATABASE")):
            prepared.discard(mark.lane)
    return prepared


def find_second_checkout(cell: Evidence) -> Mark | None:
    """Return the first checkout during the test of a connection that was checked out already."""
    holders: dict[int, int] = {}
    for mark in cell.in_call(cell.client):
        if mark.event in ("checkout", "checkin"):
            holders[mark.lane] = holders.get(mark.lane, 0) + (1 if mark.event == "checkout" else -1)
            if holders[mark.lane] > 1:
                return mark
    return None
