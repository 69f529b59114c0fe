"""How long stacks take: which of them are long, and what the rest would take at the pace that this machine has shown."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from matrix.plan.rows import Stack
from matrix.plan.selection import Plan
from matrix.run.known import Known
from matrix.run.outcome import RunOutcome

ENOUGH = 200  # cells: below, starting up is most of a stack's time
PLAIN_S = 0.03  # what a cell of plain takes, where no stack's own time is known
TAIL = 4096  # bytes that hold a footer
WEIGHTS = {"plain": 1.0, "asyncio": 1.5}  # what a cell of a family costs against one of plain; an application with requests: 2


def order_longest_first(plan: Plan, todo: Mapping[str, int], directory: Path) -> list[Stack]:
    """Return the stacks of a plan, those first that take long: the last one would keep one core waiting for the other.

    todo: cells that have to run, by stack; all of them where it says nothing.
    """
    return sorted(plan.stacks, key=lambda stack: forecast(plan, stack, todo.get(stack.id), directory / f"{stack.id}.jsonl"), reverse=True)


def forecast(plan: Plan, stack: Stack, todo: int | None, facts: Path) -> float:
    """Return about how long a stack takes (seconds): as long for each cell as when it last ran here, if it has."""
    planned = len(plan.list_members(stack))
    cells = planned if todo is None else todo
    footer = read_footer(facts) if facts.exists() else {}
    if footer.get("ran"):
        return cells * footer["wall_s"] / footer["ran"]
    return cells * weigh(plan, stack) / max(planned, 1) * PLAIN_S


def weigh(plan: Plan, stack: Stack) -> float:
    """Return what a stack costs in cells of plain."""
    recipes = plan.list_recipes(stack)
    return len(plan.cases) * sum(WEIGHTS.get(recipe.contract, 2.0) for recipe in recipes)


def estimate_rest(outcome: RunOutcome, known: Known, jobs: int) -> float | None:
    """Return the seconds that it would take, None when no stack with enough cells has run on this machine yet."""
    pace = find_pace(known.directory)
    if pace is None:
        return None
    had = sum(ended.ran + ended.kept for ended in outcome.ran.values())
    everything = sum(len(cells) for cells in known.expectations.values())
    return round(max(0, everything - had) * pace / jobs, 1)


def find_pace(directory: Path) -> float | None:
    """Return the seconds that a cell takes with its share of everything else: the median of the stacks whose facts are on disk."""
    paces = [footer["wall_s"] / footer["ran"] for path in directory.glob("*.jsonl") if (footer := read_footer(path)).get("ran", 0) >= ENOUGH]
    return median(paces) if paces else None


def read_footer(path: Path) -> dict[str, float]:
    """Return the last line of a file of facts; empty when it has none."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - TAIL))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        footer = json.loads(last)
    except ValueError:
        return {}
    return footer if footer.get("kind") == "footer" else {}
