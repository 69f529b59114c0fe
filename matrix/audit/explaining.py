"""Why a test left something: the matrix's own rules over what its client and the server's log said."""

from __future__ import annotations

import re
from dataclasses import asdict

from matrix.facts import JsonObject
from matrix.judging.causes import CAUSES, find_cause
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Mark, Proof, is_driver_talk
from matrix.judging.causes.statements import is_write
from matrix.judging.causes.theme import Cause
from matrix.judging.verdicts import LEAKS, Judgement
from matrix.witness.base import PASSING, ROWS
from matrix.witness.findings import Residue

#: What no rule over a timeline says, by kind of residue: (title, remedy).
PLAIN = {
    "connection_checked_out": ("A connection was not returned to its pool", "Close every session and connection in teardown, in a finally block."),
    "thread_left": ("A thread outlived the test", "Join it, or stop it, before the test ends."),
    "listener_left": ("A listener is added by every test and never removed", "Remove it with event.remove() in teardown, or add it once when the module is imported."),
    "session_setting": ("A setting of the database session outlived the test", "Set it back before the connection returns to its pool, or use SET LOCAL."),
    "rows_removed": ("Rows that were there before were deleted", "Restore what the tests share, or let each test work on rows of its own."),
    "rows_changed": ("Rows that were there before were changed", "Restore what the tests share, or let each test work on rows of its own."),
    "prepared_transaction": ("A prepared transaction was neither committed nor rolled back", "End it by its identifier in teardown: it survives every connection."),
    "advisory_lock_held": ("A session-level lock outlived the transaction", "Release it, or close the connection in teardown."),
    "extension_created": ("An extension was created for good", "Create it once, before all tests, or drop it in teardown."),
    "temp_table": ("A temporary table outlived the test", "Drop it, or close the connection in teardown."),
    "open_transaction": ("A transaction was left open", "Close every session and connection in teardown, in a finally block."),
    "lock_held": ("A lock was left held", "End the transaction that holds it in teardown."),
}  # fmt: skip
_WRITES = {
    "rows_added": r"(INSERT|REPLACE|COPY|MERGE|LOAD|WITH)",
    "rows_removed": r"(DELETE|TRUNCATE|WITH|REPLACE)",
    "rows_changed": r"(UPDATE|MERGE|REPLACE|INSERT|WITH)",
}


def make_evidence(test: JsonObject, residue: list[Residue], timeline: list[JsonObject], product: str) -> Evidence:
    """Return what the rules read, of a test instead of a cell."""
    outside = [asdict(found) for found in residue if found.seen_by == "witness"]
    facts: JsonObject = {
        "timeline": timeline, "meant": [], "residue": outside, "process": test["process"], "errors": [], "unmet": None,
        "ended": "finished", "hang": None, "crash": None, "phases": test["phases"],
    }  # fmt: skip
    return Evidence(Judgement(LEAKS, facts, (LEAKS,)), product)


def explain(test: JsonObject, residue: list[Residue], timeline: list[JsonObject], meant: list[JsonObject], product: str) -> tuple[JsonObject | None, str]:
    """Return the cause (id, title, remedy, proof) and the first event, in words; what is not known is None or empty."""
    evidence = make_evidence(test, residue, timeline, product)
    first = find_first_write(evidence, residue[0])
    if residue[0].kind not in ("rows_added", "open_transaction", "lock_held") and residue[0].kind in PLAIN and residue[0].kind not in ROWS:
        return name_plain(residue[0]), say(first)
    found = find_held(evidence) if all(found.kind in PASSING for found in residue) else find_cause(evidence)
    if found is not None and found[0].id == "driver_commit":
        # on a busy machine the two records of one commit lie further apart than that rule allows: the client's word decides
        found = find_cause(make_evidence(test, residue, meant, product)) or found
    if found is None:
        return name_plain(residue[0]), say(first)
    cause, proof = found
    if first is None and proof.timeline is not None:
        first = next((mark for mark in evidence.marks if mark.index == proof.timeline), None)
    return {"id": cause.id, "title": cause.title, "remedy": cause.instead, "proof": proof.text}, say(first)


def find_held(evidence: Evidence) -> tuple[Cause, Proof] | None:
    """Return the cause of what is only held: nothing was committed, so no commit explains it."""
    cause = CAUSES["transaction_left_open"]
    proof = cause.rule(evidence)
    return (cause, proof) if proof else None


def name_plain(residue: Residue) -> JsonObject | None:
    """Return the cause that the kind alone tells; None when it does not."""
    if residue.kind not in PLAIN:
        return None
    title, remedy = PLAIN[residue.kind]
    return {"id": residue.kind, "title": title, "remedy": remedy, "proof": f"{residue.kind.replace('_', ' ')}: {residue.object}"}


def find_first_write(evidence: Evidence, residue: Residue) -> Mark | None:
    """Return the first event that wrote what was left: by the table's name, else the first statement of the backend."""
    name = re.escape(residue.object.rsplit(".", 1)[-1])
    if residue.kind in ROWS:
        pattern = re.compile(rf"\s*{_WRITES[residue.kind]}\b.*\b{name}\b", re.I | re.S)
        return next((mark for mark in evidence.marks if pattern.match(mark.text)), None)
    if residue.backend is not None:
        own = [mark for mark in evidence.marks if mark.backend == residue.backend and mark.event in ("begin", "statement") and not is_driver_talk(mark.text)]
        own = [mark for mark in own if not mark.text.upper().startswith("SET ")]
        return next((mark for mark in own if mark.phase == "call"), own[0] if own else None)
    named = (mark for mark in evidence.marks if mark.text and re.search(rf"\b{name}\b", mark.text) and (is_write(mark.text) or "SET" in mark.text.upper()))
    return next(named, None)


def say(mark: Mark | None) -> str:
    """Return one event in words."""
    if mark is None:
        return ""
    return f"{mark.phase or 'outside a phase'}: {mark.text or mark.event.replace('_', ' ').upper()}"
