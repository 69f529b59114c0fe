"""Reasons that no case had: what exploring shows of a recipe and none of its reviewed cells does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matrix.facts import JsonObject
from matrix.judging.changes import Judged, split_cell


def find_unseen(summary: JsonObject, baseline: Mapping[str, Judged]) -> Iterator[tuple[str, str, JsonObject]]:
    """Yield stack, recipe and reason where no reviewed cell of the recipe on that stack has the reason's cause.

    A recipe that nobody has reviewed there has none to compare with, and is left out.
    """
    known: dict[tuple[str, str], set[str | None]] = {}
    for cell, judged in baseline.items():
        stack, recipe, _ = split_cell(cell)
        known.setdefault((stack, recipe), set()).add(judged.cause)
    for stack, run in summary["stacks"].items():
        for recipe, found in run["recipes"].items():
            if (stack, recipe) in known:
                yield from ((stack, recipe, reason) for reason in found["reasons"] if reason["cause"] not in known[stack, recipe] - {None})
