"""Compare two results: what was fixed, regressed, new, gone or changed, counted by cause."""

from matrix.facts import JsonObject
from matrix.judging.changes import Change, Judged, count_changes, find_changes, split_cell
from matrix.judging.controls import is_control
from reports.results.origin import list_ran


def compare_results(old: JsonObject, new: JsonObject) -> JsonObject:
    """Return the 'comparison' of results.schema.json. Only stacks that both have are compared for cells that are gone."""
    stacks = set(new["cells"])
    changes = find_changes(judged_cells(old), judged_cells(new), lambda cell: split_cell(cell)[0] in stacks)
    return {
        "generated": old["generated"],
        "counts": count_changes(changes),
        "causes": count_by_cause(changes),
        "changes": [change.as_json() for change in changes],
    }


def judged_cells(results: JsonObject) -> dict[str, Judged]:
    return {
        f"{stack}/{recipe}/{case}": Judged(cell["verdict"], cell.get("cause"))
        for stack, recipes in results["cells"].items()
        for recipe, cases in recipes.items()
        if not is_control(recipe)
        for case, cell in list_ran(cases)
    }


def count_by_cause(changes: list[Change]) -> dict[str, dict[str, int]]:
    """Count changes by the cause that came or went: of the actual side, or of the expected one when it is clean now."""
    counts: dict[str, dict[str, int]] = {}
    for change in changes:
        by_change = counts.setdefault(find_reason(change), {})
        by_change[change.change] = by_change.get(change.change, 0) + 1
    return dict(sorted(counts.items()))


def find_reason(change: Change) -> str:
    sides = [side for side in (change.actual, change.expected) if side is not None]
    cause = next((side.cause for side in sides if side.cause), None)
    if cause:
        return cause
    return "clean" if all(side.verdict in ("isolates", "n/a") for side in sides) else "unexplained"
