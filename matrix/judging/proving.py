"""The second answer to every cause: what it claims must be in the cell, asked without its rule.

A rule may fire where it should not. So each leading cause is held against the facts once more, in a simpler way: what it
points at is there and says what the proof says, the events that its title names happened, and a cause that speaks of the
application's commit() leads in no case that commits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from matrix.facts import JsonObject
from matrix.judging.causes.marks import Proof
from matrix.judging.causes.statements import remember

# Kinds of events by what was sent, whoever recorded it and whatever the recorder called it.
SENT = {
    "commit": re.compile(r"\s*COMMIT\b(?!\s+PREPARED)", re.IGNORECASE),
    "commit_prepared": re.compile(r"\s*(COMMIT\s+PREPARED|XA\s+COMMIT)\b", re.IGNORECASE),
    "rollback": re.compile(r"\s*ROLLBACK\b(?!\s+(TO|PREPARED)\b)", re.IGNORECASE),
    "rollback_to": re.compile(r"\s*ROLLBACK\s+TO\b", re.IGNORECASE),
    "savepoint": re.compile(r"\s*SAVEPOINT\b", re.IGNORECASE),
    "release": re.compile(r"\s*RELEASE\b", re.IGNORECASE),
    "ddl": re.compile(r"\s*(CREATE|DROP|ALTER|TRUNCATE|RENAME)\b", re.IGNORECASE),
    "write": re.compile(r"\s*(/\*.*?\*/\s*)*(INSERT|UPDATE|DELETE|REPLACE|MERGE|COPY|WITH|TRUNCATE|CREATE|DROP|ALTER)\b", re.IGNORECASE | re.DOTALL),
}  # fmt: skip
# What must have happened for a cause to be true: of each group at least one.
NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "text_commit": (("commit",),),
    "driver_commit": (("commit",),),
    "ddl_implicit_commit": (("ddl", "implicit_commit"),),
    "two_phase_commit": (("commit_prepared",),),
    "savepoint_used_up": (("savepoint",), ("commit",)),
    "commit_after_lost_connection": (("commit",),),
    "commit_after_rollback": (("rollback",), ("commit",)),
    "outer_commit": (("commit",),),
    "second_connection_commit": (("commit",),),
    "cleanup_missed": (("commit",),),
    "no_outer_transaction": (("commit", "commit_prepared"),),
    "autocommit_write": (("write",),),
    "text_rollback": (("rollback",),),
    "outer_rolled_back": (("rollback",),),
    "commit_swallowed": (("rollback", "rollback_to"),),
    "savepoint_expired_nothing": (("savepoint",), ("release",)),
    "savepoint_undid_commit": (("savepoint",), ("rollback_to",)),
    "savepoint_after_work": (("savepoint",), ("rollback_to",)),
    "commit_sent_nothing": (("commit",),),
}
# Causes that say that the application itself committed.
SPEAK_OF_COMMIT = frozenset(
    ("text_commit", "commit_swallowed", "nothing_expired", "savepoint_expired_nothing", "savepoint_undid_commit", "commit_sent_nothing")
)


def find_untrue(cause: str, proof: Proof | None, shown: JsonObject, other: JsonObject | None, commits: bool) -> str | None:
    """Return what a cell lacks that its leading cause claims; None when all of it is there.

    shown, other: facts of the passes; commits: whether the application commits anything in the case, by the case's own mark.
    """
    if cause in SPEAK_OF_COMMIT and not commits:
        return "the case commits nothing"
    needs = NEEDS.get(cause, ())
    happened = {*list_kinds(shown), *list_kinds(other or {})} if needs else set()
    missing = [" or ".join(group) for group in needs if not happened & set(group)]
    if missing:
        return f"there was no {' and no '.join(missing)}"
    return find_dangling(proof, shown, other)


def list_kinds(facts: JsonObject) -> Iterator[str]:
    """Yield the kinds of all events of a pass."""
    for event in (*facts.get("timeline", ()), *facts.get("meant", ())):
        yield event["event"]
        yield from name_kinds(event.get("text") or "")


@remember
def name_kinds(text: str) -> tuple[str, ...]:
    """Return the kinds of what was sent: most cells send the same."""
    return tuple(kind for kind, pattern in SENT.items() if pattern.match(text))


def find_dangling(proof: Proof | None, shown: JsonObject, other: JsonObject | None) -> str | None:
    """Return why what a proof points at is not there, if so."""
    if proof is None:
        return "nothing proves it"
    if proof.timeline is not None and not 0 <= proof.timeline < len(shown["timeline"]):
        return f"the timeline has no event {proof.timeline}"
    if proof.fact is not None:
        return None if resolve(proof.fact, {**shown, "other": other}) else f"there is no fact {proof.fact}"
    text = (shown["timeline"][proof.timeline].get("text") or "").strip() if proof.timeline is not None else ""
    return None if text[:40] in proof.text else f"event {proof.timeline} is another than the proof says"


def resolve(fact: str, facts: JsonObject) -> Any:
    """Return what a place such as "errors/0" or "hang" names, None when there is nothing."""
    found: Any = facts
    for part in fact.split("/"):
        if isinstance(found, list):
            found = found[int(part)] if part.isdigit() and int(part) < len(found) else None
        else:
            found = (found or {}).get(part)
    return found
