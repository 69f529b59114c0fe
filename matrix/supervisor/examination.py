"""What the cells of a stack share while they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from matrix.facts import JsonObject
from matrix.plan.rows import Stack
from matrix.supervisor.review import Review
from matrix.supervisor.warm import Starter
from matrix.witness import Baseline, Witness

# At which clean cells to look from inside: where a wider fixture holds a transaction; also what nobody has reviewed; at every one.
BLIND, UNKNOWN, ALL = "blind", "unknown", "all"


@dataclass
class Examination:
    """What the cells of a stack share: the witness, the warm process and the baseline without any recipe."""

    stack: Stack
    witness: Witness
    warm: Starter
    original: Baseline
    deadline_s: float
    stop: Event
    on_cell: Callable[[JsonObject], None]
    review: Review
    record: Callable[[JsonObject], None] = lambda line: None
    """Puts one line of the facts on disk."""
    inside: str = BLIND
    """At which clean cells to look from inside."""
