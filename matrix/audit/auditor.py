"""The auditor: hears from the tests when each begins and ends, has every database looked at, and keeps what was found."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from matrix.audit.address import Address, is_taken_away, read_address
from matrix.audit.explaining import explain
from matrix.audit.findings import CLEARED, LEAK, TRACEBACK, WIDER, Finding, TestRecord
from matrix.audit.looking import Looker
from matrix.audit.mistakes import AuditFailed
from matrix.audit.serverlog import ServerLog
from matrix.audit.watching import Watch
from matrix.facts import JsonObject
from matrix.supervisor.timeline import merge_statements
from matrix.witness import Witness
from matrix.witness.base import PASSING
from matrix.witness.findings import Residue

WIDE = ("session", "package")


@dataclass
class Worker:
    """One process that runs tests: the whole run, or a worker of xdist."""

    name: str = ""
    test: str = ""
    watches: dict[Address, Watch] = field(default_factory=dict)
    told: list[Finding] = field(default_factory=list)
    last: JsonObject = field(default_factory=dict)
    finished: bool = False


@dataclass
class Auditor:
    """What is known of the run so far."""

    own: Witness | None = None
    lend: JsonObject = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    tests: list[TestRecord] = field(default_factory=list)
    watches: dict[Address, Watch] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    connections: int = 0
    tried: int = 0
    collected: int = 0
    others: set[str] = field(default_factory=set)
    waits: dict[tuple[int, ...], float] = field(default_factory=dict)
    cost_s: float = 0.0

    def __post_init__(self) -> None:
        self.server_log = ServerLog(self.own)

    def hear(self, worker: Worker, message: JsonObject) -> JsonObject:
        """Act on one message and return the answer; the test stands still meanwhile."""
        started = time.perf_counter()
        try:
            for name, act in self.acts.items():
                if name in message:
                    return act(self, worker, message) or {}
            return {}
        finally:
            self.cost_s += time.perf_counter() - started

    def greet(self, worker: Worker, message: JsonObject) -> None:
        worker.name = message["hello"] or ""
        self.server_log.add_worker(worker.name)

    def learn(self, worker: Worker, message: JsonObject) -> None:
        """Begin to watch a database at its first connection, before anything is written through it."""
        address = replace(read_address(message["database"]), **self.lend_rights(message["database"]))
        watch = self.watches.setdefault(address, Watch(Looker(address)))
        worker.watches[address] = watch
        watch.workers.add(worker.name)
        try:
            if watch.reference is None or watch.gone or (watch.looker.onlooker is None and not watch.shared):
                watch.begin()
        except AuditFailed as error:
            watch.gone, watch.lost = True, str(error)

    def lend_rights(self, told: JsonObject) -> JsonObject:
        return {k: v for k, v in self.lend.items() if k in ("admin", "server")} if self.lend and told["kind"] == self.lend["kind"] else {}

    def begin_test(self, worker: Worker, message: JsonObject) -> None:
        worker.test, self.waits = message["began"], {}  # the test does not wait for this: its statements may be in the log already

    def begin_wider(self, worker: Worker, message: JsonObject) -> None:
        for watch in self.alone(worker):
            watch.take_wider(message.get("wider"))

    def meet_body(self, worker: Worker, message: JsonObject) -> None:
        self.meet(worker, message["body"])

    def meet(self, worker: Worker, test: str) -> None:
        """Tell what the next body met from what was cleared before it."""
        for watch in self.alone(worker):
            for finding, still in watch.meet():
                outside = any(residue.seen_by == "witness" for residue in finding.residue)
                if still or not outside:
                    finding.met_by = test if still else ""
                elif finding.kind == LEAK:
                    finding.kind = CLEARED

    def end_test(self, worker: Worker, message: JsonObject) -> JsonObject:
        """Look after the test's own teardown, before wider fixtures end."""
        test = worker.last = message["ended"]
        self.tests.append(TestRecord(test["test"], name_outcome(test), round(sum(test["duration_s"].values()), 4), worker.name))
        self.meet(worker, test["test"])
        worker.told = []
        for watch in worker.watches.values():
            watch.unwatched += watch.gone and not is_taken_away(watch.lost)
        for watch in self.alone(worker):
            residue = watch.find(frozenset(test["staying"]))
            if residue:
                finding = self.make_finding(test, watch, residue)
                watch.pending = [finding]
                worker.told.append(finding)
            watch.settle()
        inside = [Residue(**found) for found in test["process"]]
        if inside:
            self.add_inside(worker, test, inside)
        self.findings += worker.told
        if not worker.told:
            self.server_log.skip(worker.name)
        return {"say": "tell" if worker.told else "go on", "pending": any(watch.pending for watch in worker.watches.values())}

    def make_finding(self, test: JsonObject, watch: Watch, residue: list[Residue]) -> Finding:
        failed = "failed" in test["phases"].values()
        held = all(found.kind in PASSING for found in residue)
        kind = TRACEBACK if failed and held and any(found.kind == "open_transaction" for found in residue) else LEAK
        backends = sorted({found.backend for found in residue if found.backend})
        return Finding(kind, test["test"], watch.address.name, residue, held_by=", ".join(f"backend {b}" for b in backends), outcome=name_outcome(test))

    def add_inside(self, worker: Worker, test: JsonObject, inside: list[Residue]) -> None:
        """What only the process sees; a connection not returned is said with the transaction that it holds."""
        open_too = any(found.kind in PASSING for finding in worker.told for found in finding.residue)
        inside = [found for found in inside if not (found.kind == "connection_checked_out" and open_too)]
        if inside:
            failed = "failed" in test["phases"].values() and all(found.kind == "connection_checked_out" for found in inside)
            database = next((watch.address.name for watch in worker.watches.values()), "the process")
            worker.told.append(Finding(TRACEBACK if failed else LEAK, test["test"], database, inside, outcome=name_outcome(test)))

    def explain_test(self, worker: Worker, message: JsonObject) -> None:
        """Name cause and first event of what was just found."""
        timeline, kind = message["timeline"], next((w.address.kind for w in worker.watches.values()), "postgresql")
        statements = self.server_log.read({event["backend"] for event in timeline})
        timeline = merge_statements(timeline, statements, {"at": message["at"], "phases": message["phases"]}, kind)
        meant = [event for event in message["timeline"] if event["at"] >= message["baseline_at"]]
        timeline = leave_wider(timeline, message["baseline_at"], {held.backend for watch in worker.watches.values() for held in watch.list_transactions()})
        for finding in worker.told:
            product = next((w.product for w in worker.watches.values() if w.address.name == finding.database), "postgresql")
            finding.cause, finding.first_event = explain(worker.last, finding.residue, timeline, meant, product)

    def end_wider(self, worker: Worker, message: JsonObject) -> None:
        """Wider fixtures have ended: what they leave is theirs, not the last test's."""
        names = [name.split("|") for name in message["ended_wider"]]
        wide = all(scope in WIDE for scope, *_ in names)
        said = ", ".join(f"`{fixture}`" + (f" of {base}" if base else "") for _, fixture, base in names if not fixture.startswith("_"))
        self.server_log.skip(worker.name)
        for watch in self.alone(worker):
            residue = watch.end_wider(message["ended_wider"])
            residue = [found for found in residue if not wide or found.kind in PASSING]
            if residue:
                self.findings.append(Finding(WIDER, None, watch.address.name, residue, fixture=said or "a wider fixture"))

    def release(self, worker: Worker, message: JsonObject) -> None:
        for watch in self.watches.values():
            watch.looker.release()

    def finish(self, worker: Worker, message: JsonObject) -> None:
        self.lose(worker)
        self.connections += message["connections"]
        self.tried += message["tried"]
        self.collected = max(self.collected, message["collected"])
        self.others |= set(message["others"])

    def lose(self, worker: Worker) -> None:
        """Expect nothing more of this process, whether it has said so or gone."""
        worker.finished = True
        self.server_log.remove_worker(worker.name)

    acts: ClassVar[dict[str, Any]] = {
        "hello": greet, "database": learn, "began": begin_test, "wider": begin_wider, "baseline": begin_wider, "body": meet_body,
        "ended": end_test, "told": explain_test, "ended_wider": end_wider, "release": release, "finished": finish,
    }  # fmt: skip

    def alone(self, worker: Worker) -> list[Watch]:
        """Return the databases that only this worker uses: of others nothing can be said of one test."""
        return [watch for watch in worker.watches.values() if not watch.shared and not watch.gone]


def leave_wider(timeline: list[JsonObject], baseline_at: float, open_then: set[int | None]) -> list[JsonObject]:
    """Return a timeline without what wider fixtures did; a transaction that was open by then begins where it begins."""
    own = [event for event in timeline if event["at"] >= baseline_at]
    lanes = {event["lane"]: event["backend"] for event in own if event["source"] == "server" and event["backend"] in open_then}
    begun = {"at": baseline_at, "source": "server", "event": "begin", "text": "BEGIN", "phase": "setup"}
    return [begun | {"lane": lane, "backend": backend} for lane, backend in lanes.items()] + own


def name_outcome(test: JsonObject) -> str:
    """Return the test's outcome as pytest would say it."""
    phases = test["phases"]
    if phases.get("call") == "failed":
        return "failed"
    if "failed" in phases.values():
        return "error"
    return "skipped" if "skipped" in phases.values() else "passed"
