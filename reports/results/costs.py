"""reports/costs.json: what recipes cost on each stack when enough of its cells last ran, reviewed and committed like the baseline.

Shown where a run has no cost of its own, so that what is cheap can be told before anything has run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from matrix.disk import write_whole
from matrix.facts import JsonObject
from matrix.judging.baseline import BaselineError

FORMAT = 1
ENOUGH = 20  # cases: of fewer, each weighs too much
Costs = dict[str, dict[str, float]]  # stack -> recipe -> multiples of a bare test


def read_costs(path: Path) -> Costs:
    """Return the reviewed costs, none when there is no file. Raises BaselineError."""
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise ValueError(f"format is {document['format']}, expected {FORMAT}")
        return {stack: {recipe: float(cost) for recipe, cost in recipes.items()} for stack, recipes in document["stacks"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"{path.name}: {type(error).__name__}: {error}. Take the file back from version control.") from None


def collect_costs(results: JsonObject) -> Costs:
    """Return the costs that this run measured over enough cases."""
    ran = [stack for stack, about in results["stacks"].items() if about["state"] == "ran"]
    found = {stack: {recipe: word["cost"] for recipe, word in results["words"][stack].items() if word["cost"] and count_ran(word) >= ENOUGH} for stack in ran}
    return {stack: costs for stack, costs in found.items() if costs}


def count_ran(word: JsonObject) -> int:
    """Return how many of the cells behind a word are not only shown as reviewed."""
    reviewed = word.get("reviewed", 0)
    return 0 if reviewed == "all" else sum(word["judged"].values()) - reviewed


def accept_costs(path: Path, costs: Mapping[str, Mapping[str, float]]) -> bool:
    """Put costs in the place of those of the same recipes on the same stacks; return whether the file changed."""
    before = read_costs(path)
    after = dict(sorted({**before, **{stack: dict(sorted({**before.get(stack, {}), **found}.items())) for stack, found in costs.items()}}.items()))
    if after == before:
        return False
    write_whole(path, json.dumps({"format": FORMAT, "stacks": after}, indent=1) + "\n", "the reviewed costs")
    return True
