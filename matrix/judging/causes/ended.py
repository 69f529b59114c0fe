"""What ended the cell before its time: a lock that nobody could release, a pool that was empty, a process that died."""

import signal

from matrix.judging.causes import links
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Mark, Proof
from matrix.judging.causes.statements import is_cleanup, is_ddl
from matrix.judging.causes.theme import Theme

theme = Theme("ended")


@theme.cause(
    "Set-up or clean-up waits for a transaction that is still open",
    "DROP, TRUNCATE or DELETE waited for a lock held by an open transaction of the same process. "
    "The only thread that could have ended that transaction was the one waiting.",
    "Close every session and roll every connection back before the clean-up starts, or dispose of the engine first.",
    links.METADATA + "#sqlalchemy.schema.MetaData.drop_all",
)
def cleanup_waits(cell: Evidence) -> Proof | None:
    if not waits_for_lock(cell):
        return None
    last = last_statement_of_waiter(cell)
    what = last.text if last else cell.facts["hang"].get("what")
    waits = is_ddl(what) or (is_cleanup(what) and last is not None and last.phase != "call")
    return prove_wait(cell) if waits else None


@theme.cause(
    "A second connection waits for a row that the fixture's transaction holds",
    "The fixture keeps its transaction open, so the locks of everything written stay held until teardown. "
    "A second connection of the same test waited for one of them, which production would have released at commit().",
    "Run both sessions on the test's connection (a factory bound to it), or use a fixture that really commits and cleans up.",
    links.JOINING,
)
def waits_for_outer_transaction(cell: Evidence) -> Proof | None:
    if not waits_for_lock(cell):
        return None
    last = last_statement_of_waiter(cell)
    what = last.text if last else cell.facts["hang"].get("what")
    return None if is_ddl(what) else prove_wait(cell)


@theme.cause(
    "The pool had no connection left",
    "A checkout waited until the pool gave up, because earlier connections had not come back. The fixture holds one of them for the whole test.",
    "Give the test's engine a pool with room for the fixture's connection and the application's, or return connections in teardown.",
    links.ERRORS + "#queuepool-limit-of-size-x-overflow-y-reached-connection-timed-out-timeout-z",
)
def pool_exhausted(cell: Evidence) -> Proof | None:
    return cell.find_error(r"QueuePool limit of size", r"pool.*(exhausted|timed? ?out)")


@theme.cause(
    "A signal killed the process under test",
    "The operating system reported that the process died by a signal, so no teardown ran. "
    "The server rolled back what was open; what had been committed stayed.",
    "Look at the last output of the process; a driver's C code or a kill from outside ends a process this way.",
    links.ERRORS,
)
def process_killed(cell: Evidence) -> Proof | None:
    crash = cell.facts["crash"]
    if not crash or not crash["signal"]:
        return None
    return Proof(f"the process died by {name_signal(crash['signal'])} in {crash.get('phase') or 'no known phase'}", fact="crash")


@theme.cause(
    "The process under test ended itself",
    "The process exited in the middle of the test, so neither the application nor the fixture could finish. "
    "Nothing that teardown would have undone was undone.",
    "Find the call of os._exit or sys.exit; run such code in a process of its own.",
    "https://docs.python.org/3/library/os.html#os._exit",
)
def process_exited(cell: Evidence) -> Proof | None:
    crash = cell.facts["crash"]
    if not crash or crash["signal"] or crash["exit_code"] is None:
        return None
    return Proof(f"the process exited with code {crash['exit_code']} in {crash.get('phase') or 'no known phase'}", fact="crash")


def waits_for_lock(cell: Evidence) -> bool:
    hang = cell.facts["hang"]
    return bool(hang) and hang["reason"] == "lock wait"


def last_statement_of_waiter(cell: Evidence) -> Mark | None:
    waiter = cell.facts["hang"].get("waiter")
    mine = [mark for mark in cell.marks if waiter is not None and mark.backend == waiter and mark.text]
    return mine[-1] if mine else None


def prove_wait(cell: Evidence) -> Proof:
    hang = cell.facts["hang"]
    holders = ", ".join(map(str, hang.get("holders") or ())) or "unknown"
    text = f"backend {hang.get('waiter')} waited for backend {holders}: {hang.get('what') or 'a lock'}"
    last = last_statement_of_waiter(cell)
    return Proof(text, timeline=last.index if last else None, fact="hang")


def name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
