"""What a run was of and what it found, counted: what ran and what was kept, never what is only shown as reviewed."""

from __future__ import annotations

from collections import Counter

from matrix.facts import JsonObject
from matrix.run.outcome import RunOutcome
from reports.results.grading import GradedCell
from reports.results.stacks import UNPLANNED, Inputs


def summarise(inputs: Inputs, stacks: JsonObject, red: list[tuple[str, GradedCell]]) -> JsonObject:
    cells = [cell for graded in inputs.graded.values() for by_case in graded.cells.values() for cell in by_case.values()]
    verdicts, explained = Counter(cell.verdict for cell in cells), [cell.cause for _, cell in red if cell.cause]
    return {
        "stacks_ran": sum(stack["state"] == "ran" for stack in stacks.values()),
        "stacks_not_run": sum(stack["state"] in ("reviewed", "not run") and stack["reason"] != UNPLANNED for stack in stacks.values()),
        "recipes": len({recipe for graded in inputs.graded.values() for recipe in graded.words}),
        "cases": len({cell.case for cell in cells}),
        "cells": len(cells), "verdicts": dict(verdicts.most_common()),
        "red": len(red), "explained": len(explained), "causes": len(set(explained)),
        "sentence": tell(len(red), len(explained), len(set(explained))),
        "wall_s": round(sum(stack["wall_s"] or 0 for stack in stacks.values() if stack["state"] == "ran"), 3),
        **count_origins(inputs, stacks, len(cells)),
    }  # fmt: skip


def count_origins(inputs: Inputs, stacks: JsonObject, cells: int) -> JsonObject:
    """Say how much ran now, was kept and is only shown; `run` and `counts` say it in words."""
    kept = sum(stack.get("kept", 0) for stack in stacks.values())
    oldest = min((stack["oldest"] for stack in stacks.values() if "oldest" in stack), default=None)
    outcome = inputs.outcome
    return {
        "selection": outcome.selection if outcome else None,
        "ran": cells - kept, "kept": kept, "oldest": oldest,
        "reviewed": sum(len(cases) for recipes in inputs.filled.values() for cases in recipes.values()),
        "run": describe_selection(outcome, inputs) if outcome else None,
        "counts": describe_counts(cells - kept, kept, oldest),
    }  # fmt: skip


def describe_selection(outcome: RunOutcome, inputs: Inputs) -> str:
    """Say what a run was of: "core: 15 of 82 rows, 39 of 92 cases; --all runs the rest, about 19 minutes here"."""
    parts = [
        count_part(len(outcome.stacks), len(inputs.rows), "row", always=True),
        count_part(None if outcome.recipes is None else len(set(outcome.recipes)), len(inputs.content.recipes), "recipe"),
        count_part(None if outcome.cases is None else len(set(outcome.cases)), len(inputs.content.cases), "case"),
    ]
    rest = f"; --all runs the rest{describe_rest(outcome.rest_s)}" if outcome.selection != "all" else ""
    return f"{outcome.selection}: {', '.join(filter(None, parts))}{rest}"


def count_part(part: int | None, whole: int, name: str, always: bool = False) -> str:
    """Say "39 of 92 cases"; nothing about what was run in full, unless always."""
    if part is None or part == whole:
        return f"{whole} {name}s" if always else ""
    return f"{part} of {whole} {name}s"


def describe_rest(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes = max(1, round(seconds / 60))
    return f", about {minutes} {'minute' if minutes == 1 else 'minutes'} here"


def describe_counts(ran: int, kept: int, oldest: str | None) -> str:
    """Say "ran 812, kept 24,107 (oldest 2026-11-20)"."""
    return f"ran {ran:,}" + (f", kept {kept:,} (oldest {oldest[:10]})" if kept and oldest else "")


def tell(red: int, explained: int, causes: int) -> str:
    """Say it the way people read: "3 causes explain 214 red cells"."""
    if not red:
        return "no red cells"
    cells = f"{red} red {'cell' if red == 1 else 'cells'}"
    if explained < red:
        cells = f"{explained} of {cells}"
    return f"{causes} {'cause explains' if causes == 1 else 'causes explain'} {cells}"
