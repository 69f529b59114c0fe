"""What is to be run on one stack, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from matrix.facts import JsonObject
from matrix.keeping.choice import Expected, Work
from matrix.keeping.keys import CellKeys
from matrix.keeping.store import Store
from matrix.plan.contents import Case, Recipe
from matrix.plan.rows import Stack
from matrix.servers import Server
from matrix.supervisor.examination import BLIND

DEADLINE_S = 6.0


@dataclass(frozen=True)
class StackJob:
    """What is to be run on one stack, and where the facts go."""

    stack: Stack
    python: Path
    server: Server
    recipes: list[Recipe]
    cases: list[Case]
    complete: bool
    directory: Path
    run_id: str
    order: str = "written"
    deadline_s: float = DEADLINE_S
    stop: Event = field(default_factory=Event)
    on_cell: Callable[[JsonObject], None] = lambda cell: None
    expected: Expected = field(default_factory=dict)
    """The reviewed verdict and cause of this stack's cells, by recipe and case: what agrees need not be confirmed."""
    keys: CellKeys | None = None
    """Without keys nothing of what runs is kept by a later run."""
    store: Store = field(default_factory=Store)
    inside: str = BLIND
    """At which clean cells to look from inside."""
    work: Work | None = None
    """What of it has to run; without it all."""

    def choose_all(self) -> Work:
        """Return the work that keeps nothing."""
        taken = {recipe.id: [case for case in self.cases if recipe.takes(case)] for recipe in self.recipes}
        return Work(todo={recipe: cases for recipe, cases in taken.items() if cases})


@dataclass(frozen=True)
class StackRun:
    """How a stack's run ended."""

    seconds: float
    ran: int
    """Cells that ran now."""
    kept: int
    oldest: str | None
    """When the oldest of the kept cells ran (ISO 8601, UTC)."""
    disagreed: tuple[str, ...] = ()
    """Sampled cells whose verdict is not the one that was kept of them; nothing of the stack was kept then."""
