"""What is to be run on one stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from matrix.facts import JsonObject
from matrix.plan.contents import Case, Recipe
from matrix.plan.rows import Stack
from matrix.servers import Server

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
