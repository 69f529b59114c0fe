"""Example results of a run of a part: one stack ran, one in part and partly kept, the others are only shown as reviewed.

One recipe had no part in it anywhere.
"""

from copy import deepcopy

from tests.browser.example import LEVELS

REVIEWED, KEPT = "2031-01-20", "2031-01-27T08:00:00Z"
UNPLANNED = "plain/example_recipe_07"
UNKNOWN = dict.fromkeys(("ran", "age_days", "run", "versions", "server", "c_extensions", "host", "wall_s", "missing"))


def make_partial(results: dict, details: dict) -> tuple[dict, dict]:
    """Make of a whole example one whose first stack ran, whose second ran in part, whose third was not planned; others are as they were."""
    results, details = deepcopy((results, details))
    first, second, third = list(results["cells"])[:3]
    review_stack(results, third)
    details.pop(third)
    split_stack(results, details, second)
    for stack in (first, second):
        review_recipe(results, details, stack, UNPLANNED)
    results["runs"], results["baseline"]["date"] = [{"id": "example-0", "started": KEPT}], REVIEWED
    count(results)
    return results, details


def review_recipe(results: dict, details: dict, stack: str, recipe: str) -> None:
    cells = results["cells"][stack][recipe]
    results["cells"][stack][recipe] = {case: review_cell(cell) for case, cell in cells.items()}
    results["words"][stack][recipe] |= {"reviewed": "all", "cost": None}
    details[stack]["cells"].pop(recipe, None)


def review_stack(results: dict, stack: str) -> None:
    results["stacks"][stack] |= {**UNKNOWN, "state": "reviewed", "reason": "no part of this run", "complete": False, "cells": 0}
    for cells in results["cells"][stack].values():
        for case, cell in cells.items():
            cells[case] = review_cell(cell)
    for word in results["words"][stack].values():
        word |= {"reviewed": "all", "cost": None}


def split_stack(results: dict, details: dict, stack: str) -> None:
    """Its limits did not run, its common cases were kept."""
    for recipe, cells in results["cells"][stack].items():
        limits = [case for case in cells if results["cases"][case]["level"] == LEVELS[2]]
        for case in limits:
            cells[case] = review_cell(cells[case])
            details[stack]["cells"][recipe].pop(case, None)
        for case in cells:
            if results["cases"][case]["level"] == LEVELS[1]:
                cells[case]["kept"] = 0
        if limits:
            results["words"][stack][recipe]["reviewed"] = len(limits)
    kept = sum("kept" in cell for cells in results["cells"][stack].values() for cell in cells.values())
    results["stacks"][stack] |= {"kept": kept, "oldest": KEPT, "complete": False}


def review_cell(cell: dict) -> dict:
    return {name: cell[name] for name in ("verdict", "cause") if name in cell} | {"reviewed": True}


def count(results: dict) -> None:
    cells = [cell for recipes in results["cells"].values() for by_case in recipes.values() for cell in by_case.values()]
    kept, reviewed = (sum(name in cell for cell in cells) for name in ("kept", "reviewed"))
    ran = len(cells) - kept - reviewed
    results["summary"] |= {
        "selection": "core", "ran": ran, "kept": kept, "oldest": KEPT, "reviewed": reviewed, "cells": ran + kept,
        "run": "core: 2 of 3 rows, 8 of 12 cases; --all runs the rest, about 19 minutes here", "counts": f"ran {ran:,}, kept {kept:,} (oldest {KEPT[:10]})",
    }  # fmt: skip
