"""Marks on lanes: the events of a timeline, what they do, and what they prove."""

import re
from dataclasses import dataclass
from typing import final

from matrix.facts import JsonObject
from matrix.judging.causes.statements import classify, is_query, is_write, name_savepoint, remember

# What drivers ask for by themselves when they connect.
DRIVER_TALK = re.compile(r"pg_type|pg_catalog|current_schema\(\)|@@|\bVERSION\(\)|test (plain|unicode) returns", re.IGNORECASE)

# What ends a transaction.
ENDINGS = ("commit", "rollback")
# What ends work, or takes it back, in a transaction or in a savepoint of it.
ENDS_OF_WORK = (*ENDINGS, "release", "rollback_to")


@dataclass(frozen=True)
class Proof:
    """What proves a cause: an index into the timeline, or the place of another fact ('errors/0', 'hang')."""

    text: str
    timeline: int | None = None
    fact: str | None = None

    def as_json(self) -> JsonObject:
        return {"timeline": self.timeline, "fact": self.fact, "text": self.text}


@final  # so `mark and mark.prove()` is a proof or None
@dataclass(slots=True, eq=False)  # a run has millions of them: nothing that makes one slower to make
class Mark:
    """One event of the timeline. `does` is what it does to the transaction, whoever recorded it. Nobody changes one."""

    index: int
    at: float
    lane: int
    backend: int | None
    source: str
    event: str
    text: str
    phase: str | None
    does: str

    def prove(self, says: str = "") -> Proof:
        who = "the server received" if self.source == "server" else "the client sent"
        what = self.text or self.event.replace("_", " ").upper()
        return Proof(f"lane {self.lane}, {self.phase or 'outside a phase'}: {who} {what}{says}", timeline=self.index)


@final
@dataclass(frozen=True)
class Commit:
    """A COMMIT that made writes durable: the mark, the first write, and what had happened on its lane before."""

    mark: Mark
    write: Mark
    before: tuple[Mark, ...]


def find_ended(mark: Mark, open_now: list[Mark]) -> Mark | None:
    """Return the open savepoint that RELEASE or ROLLBACK TO names; an engine event of SAVEPOINT may lack its name."""
    if mark.does not in ("release", "rollback_to"):
        return None
    name = name_savepoint(mark.text)
    return next((found for found in reversed(open_now) if name_savepoint(found.text) in (name, "")), None)


def make_mark(index: int, event: JsonObject) -> Mark:
    text, name = event.get("text") or "", event["event"]
    does = classify(text) if name == "statement" else name
    return Mark(index, event["at"], event["lane"], event.get("backend"), event["source"], name, text, event.get("phase"), does)


def reads(mark: Mark) -> bool:
    """True for a query."""
    return is_query(mark.text)


def uses_tables(mark: Mark) -> bool:
    """True for work of the application; what a driver asks for when it connects does not count."""
    return (is_query(mark.text) or is_write(mark.text)) and not is_driver_talk(mark.text)


@remember
def is_driver_talk(text: str) -> bool:
    return DRIVER_TALK.search(text) is not None
