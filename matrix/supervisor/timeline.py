"""Joins what the client meant (engine events) to what reached the server (its statement log)."""

from __future__ import annotations

import re

from matrix.probe.mark import MARK
from matrix.witness import Statement

LONGEST_TEXT = 300
LOG_ROUNDING_S = 0.0015  # PostgreSQL's log cuts times to milliseconds
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


def merge_statements(client: list[dict], statements: list[Statement], began: float, kind: str) -> list[dict]:
    """Return one timeline in order of time; server statements are joined to lanes by backend id.

    The client's clock and the server's are one machine's; PostgreSQL logs milliseconds, so an event
    of the client goes before a statement of the same millisecond.
    """
    statements = leave_out_probe(statements)
    if not statements:
        return client
    lanes = {event["backend"]: event["lane"] for event in client if event["backend"] is not None}
    kept = [event for event in client if event["event"] not in REPEATED]
    for statement in statements:
        if statement.at < began - LOG_ROUNDING_S:
            continue  # between two cells: a wider fixture of the child before ended
        lane = lanes.setdefault(statement.backend, len(lanes) + 1)
        at = round(statement.at - began, 6)
        phase = next((event["phase"] for event in reversed(client) if event["at"] <= at + 0.001), "setup")
        text = " ".join(statement.text.split())[:LONGEST_TEXT]
        kept.append({"at": at, "lane": lane, "backend": statement.backend, "source": "server", "event": name_event(statement.text, kind), "text": text, "phase": phase})
    return sorted(kept, key=lambda event: (round(event["at"], 3), event["source"] == "server"))


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
