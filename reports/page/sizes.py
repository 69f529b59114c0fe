"""What a test costs at two sizes, in words: from reports/sizes.json, which `nox -s sizes` measures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from matrix.judging.baseline import BaselineError

FORMAT = 1
GROWS = 1.3  # times: what costs may differ between two runs
UNITS = {"tables": "tables", "rows": "seed rows", "connections": "connections"}
Sizes = dict[tuple[str, str], str]  # (product, recipe) -> what grows, in words


def read_sizes(path: Path) -> Sizes:
    """Return what grows with what, none when there is no file. Raises BaselineError."""
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise ValueError(f"format is {document['format']}, expected {FORMAT}")
        found = {(stack["product"], recipe): tell_sizes(costs) for stack in document["stacks"].values() for recipe, costs in stack["recipes"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"{path.name}: {type(error).__name__}: {error}. Make it anew: nox -s sizes.") from None
    return {place: text for place, text in found.items() if text}


def tell_sizes(costs: Mapping[str, Mapping[str, float]]) -> str:
    """Return the costs that grow, the smaller size first, as "20 tables: 2.1 times" with its sign; empty when none does."""
    growing = [(what, both) for what, both in costs.items() if (found := list(both.values()))[-1] >= GROWS * found[0]]
    return "; ".join(", ".join(f"{int(size):,} {name_unit(what, size)}: {cost:.1f}×" for size, cost in both.items()) for what, both in growing)


def name_unit(what: str, size: str) -> str:
    return UNITS[what].removesuffix("s") if size == "1" else UNITS[what]
