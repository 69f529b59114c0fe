"""Joins what the client meant (engine events) to what reached the server (its statement log)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matrix.facts import JsonObject
from matrix.probe.mark import MARK
from matrix.supervisor.moments import CUT_S, find_moments
from matrix.witness import Statement

LONGEST_TEXT = 300
# MySQL ends the running transaction before these
# (source: https://dev.mysql.com/doc/refman/9.0/en/implicit-commit.html)
IMPLICIT_COMMIT = re.compile(r"(CREATE|DROP|ALTER|RENAME|TRUNCATE|LOCK TABLES|ANALYZE|OPTIMIZE|REPAIR|GRANT|REVOKE)\b(?!\s+TEMPORARY)", re.I)
EVENTS = (
    (re.compile(r"(BEGIN|START TRANSACTION)\b", re.I), "begin"),
    (re.compile(r"SAVEPOINT\b", re.I), "savepoint"),
    (re.compile(r"RELEASE\b", re.I), "release"),
    (re.compile(r"ROLLBACK\s+(WORK\s+)?TO\b", re.I), "rollback_to"),
    (re.compile(r"(ROLLBACK|ABORT)\b(?!\s+PREPARED)", re.I), "rollback"),
    (re.compile(r"(COMMIT|END)\b(?!\s+PREPARED)", re.I), "commit"),
)
REPEATED = frozenset({"statement", "savepoint", "release", "rollback_to"})  # the server's own words replace these


def name_event(text: str, kind: str) -> str:
    """Return the timeline's word for a statement of the server's log."""
    text = text.lstrip("( \n\t")
    for pattern, event in EVENTS:
        if pattern.match(text):
            return event
    return "implicit_commit" if kind == "mysql" and IMPLICIT_COMMIT.match(text) else "statement"


def merge_statements(client: list[JsonObject], statements: list[Statement], opened: JsonObject, kind: str) -> list[JsonObject]:
    """Return one timeline in order of time; server statements are joined to lanes by backend id.

    opened: of the cell, "at" is when it began (epoch, seconds) and "phases" when each phase did ((seconds since, name), in order).
    """
    statements = leave_out_probe(statements)
    if not statements:
        return client
    lanes = {event["backend"]: event["lane"] for event in client if event["backend"] is not None}
    kept = [event for event in client if event["event"] not in REPEATED or event["backend"] is None]  # SQLite has no server
    for statement, at in place_statements(client, statements, opened["at"], kind):
        lane = lanes.setdefault(statement.backend, len(lanes) + 1)
        phase = next(phase for began, phase in reversed(opened["phases"]) if began <= at)
        text = " ".join(statement.text.split())[:LONGEST_TEXT]
        kept.append(
            {"at": at, "lane": lane, "backend": statement.backend, "source": "server", "event": name_event(statement.text, kind), "text": text, "phase": phase}
        )
    return sorted(kept, key=lambda event: (event["at"], event["source"] == "server"))


def place_statements(client: list[JsonObject], statements: list[Statement], began: float, kind: str) -> Iterator[tuple[Statement, float]]:
    """Yield the statements of this cell, each with the seconds since it began; what came before is of the cell before."""
    by_backend: dict[int, list[Statement]] = {}
    for statement in statements:
        if statement.at - began >= -CUT_S[kind]:
            by_backend.setdefault(statement.backend, []).append(statement)
    for backend, own in by_backend.items():
        meant = [(event["at"], name_meant(event, kind)) for event in client if event["backend"] == backend]
        logged = [(statement.at - began, name_event(statement.text, kind)) for statement in own]
        yield from zip(own, (round(at, 6) for at in find_moments(meant, logged, CUT_S[kind])), strict=True)


def name_meant(event: JsonObject, kind: str) -> str:
    """Return the timeline's word for what an engine event stands for; a COMMIT sent as text is a commit."""
    return name_event(event["text"], kind) if event["event"] == "statement" else event["event"]


def leave_out_probe(statements: list[Statement]) -> list[Statement]:
    """Return the statements without the probe's own and the transaction that a driver opened around them."""
    dropped = set()
    for statement in statements:
        if MARK in statement.text:
            own = [other for other in statements if other.backend == statement.backend]
            place = own.index(statement)
            around = own[max(0, place - 1) : place], own[place + 1 : place + 2]
            dropped.add(id(statement))
            dropped.update(id(other) for other in around[0] if name_event(other.text, "") == "begin")
            dropped.update(id(other) for other in around[1] if name_event(other.text, "") == "rollback")
    return [statement for statement in statements if id(statement) not in dropped]
