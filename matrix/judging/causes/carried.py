"""What one test left in the process for the next: such cells change with the order of the tests."""

from matrix.facts import JsonObject
from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Proof
from matrix.judging.causes.statements import is_write
from matrix.judging.causes.theme import Theme
from matrix.judging.verdicts import FLAKY

theme = Theme("carried")

# What a process can carry from one cell to the next.
CARRIED = ("listener_left", "connection_checked_out", "thread_left", "loop_closed", "session_setting")


@theme.cause(
    "State left in the process changed the outcome",
    "The cell came out differently when it ran again in another process and order. "
    "In one of the two passes the process itself was left dirty: a listener, a connection, a thread or an event loop.",
    "Undo in teardown what the fixture registers or opens: remove listeners, return connections, join threads.",
    links.EVENTS + "#sqlalchemy.event.remove",
)
def carried_state(cell: Evidence) -> Proof | None:
    if cell.verdict != FLAKY:
        return None
    return cell.find_residue(*CARRIED) or find_carried(cell.other)


@theme.cause(
    "The next test meets what stayed in a transaction or session that outlives the test",
    "From outside nothing is seen, since it was never committed. In the same process, with nothing repaired in between, the same "
    "test or another one came out differently right after this one.",
    "End with the test what the test began: a savepoint of its own that is rolled back, a session of its own, a transaction per test.",
    links.SAVEPOINTS,
)
def met_by_next_test(cell: Evidence) -> Proof | None:
    seen = cell.find_residue("met_by_next_test")
    if seen is None:
        return None
    written = next((mark for mark in cell.in_call(cell.wire) if is_write(mark.text)), None)
    return written.prove(", and the next test met it") if written else seen


def find_carried(facts: JsonObject | None) -> Proof | None:
    found = next((entry for entry in (facts or {}).get("process", ()) if entry["kind"] in CARRIED), None)
    if not found:
        return None
    return Proof(f"{found['kind'].replace('_', ' ')} in the other pass: {found['object']} ({found['detail']})", fact="other/process")
