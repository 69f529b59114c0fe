"""Cells and words of the results: what ran now, what was kept of an earlier run, and what is shown as reviewed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from matrix.facts import JsonObject
from matrix.judging.changes import Judged
from matrix.judging.controls import REAL_COMMITS, find_contract
from matrix.judging.verdicts import FLAKY, NOT_APPLICABLE
from reports.results import grading
from reports.results.grading import GradedCell, GradedStack
from reports.results.reviewed import Reviewed, find_filled_word
from reports.results.stacks import Inputs
from reports.results.words import Word


def list_runs(inputs: Inputs) -> list[JsonObject]:
    """Return the earlier runs whose cells were kept, the oldest first: {"id", "started"}."""
    found = {cell.run: graded.find_start(cell.run) for stack, graded in inputs.graded.items() for cell in graded.list_kept(inputs.run_of(stack))}
    return [{"id": run, "started": started} for run, started in sorted(found.items(), key=lambda item: (item[1], item[0]))]


def shape_cells(inputs: Inputs, runs: list[JsonObject]) -> JsonObject:
    """Return stack -> recipe -> case -> cell."""
    places = {run["id"]: place for place, run in enumerate(runs)}
    shaped: dict[str, JsonObject] = {}
    for stack in inputs.stacks:
        graded, filled = inputs.graded.get(stack), inputs.filled.get(stack, {})
        own = graded.cells if graded else {}
        shaped[stack] = {
            recipe: {
                **{case: shape_cell(cell, None if cell.run == inputs.run_of(stack) else places[cell.run]) for case, cell in own.get(recipe, {}).items()},
                **{case: shape_reviewed(judged) for case, judged in filled.get(recipe, {}).items()},
            }
            for recipe in dict.fromkeys([*own, *filled])
        }
    return shaped


def shape_cell(cell: GradedCell, kept: int | None) -> JsonObject:
    """kept: the place of its run among the earlier ones, None when it ran now."""
    shaped: JsonObject = {"verdict": cell.verdict}
    if cell.cause:
        shaped["cause"] = cell.cause
    if cell.reason:
        shaped["reason"] = cell.reason
    if cell.verdict == FLAKY:
        shaped["passes"] = list(cell.passes)
    if cell.drift:
        shaped["drift"] = True
    if cell.process:
        shaped["process"] = True
    if kept is not None:
        shaped["kept"] = kept
    return shaped


def shape_reviewed(judged: Judged) -> JsonObject:
    return {"verdict": judged.verdict, **({"cause": judged.cause} if judged.cause else {}), "reviewed": True}


def shape_words(inputs: Inputs) -> JsonObject:
    """Return stack -> recipe -> word, over what ran and what was reviewed together."""
    return {stack: {recipe: shape_word(inputs, stack, recipe) for recipe in list_recipes(inputs, stack)} for stack in inputs.stacks}


def list_recipes(inputs: Inputs, stack: str) -> list[str]:
    """Return the recipes that have a word on a stack: those that ran, and those that were reviewed here or anywhere else."""
    graded = inputs.graded.get(stack)
    own = list(graded.words) if graded else []
    if stack not in inputs.reviewed.cells:
        return own
    families = inputs.families_of(stack)
    return list(dict.fromkeys([*own, *sorted(recipe for recipe in inputs.reviewed.recipes if not families or recipe.partition("/")[0] in families)]))


def shape_word(inputs: Inputs, stack: str, recipe: str) -> JsonObject:
    graded, filled = inputs.graded.get(stack), inputs.filled.get(stack, {}).get(recipe, {})
    own = graded.cells if graded else {}
    contract = find_contract(recipe, graded.facts.header.get("contracts", {}) if graded else {})
    word = find_word_of(inputs.reviewed, graded, recipe, filled)
    cost = grading.find_cost(own.get(recipe, {}), own.get(f"{contract}/{REAL_COMMITS}", {}))
    return {
        "word": word.word, "note": word.note, "counts": word.counts, "number": word.number, "lost": word.lost, "judged": word.judged,
        "cost": cost or inputs.costs.get(stack, {}).get(recipe),
        "outdated": is_outdated(inputs, graded, recipe),
        "causes": count_causes(own.get(recipe, {}).values(), filled.values()),
        **describe_origin(graded, recipe, len(filled)),
    }  # fmt: skip


def find_word_of(reviewed: Reviewed, graded: GradedStack | None, recipe: str, filled: Mapping[str, Judged]) -> Word:
    if graded and recipe in graded.words and not filled:
        return graded.words[recipe]
    if not filled:
        return Word(NOT_APPLICABLE, "does not apply to this stack")
    return find_filled_word(reviewed, graded, recipe, filled)


def describe_origin(graded: GradedStack | None, recipe: str, filled: int) -> JsonObject:
    """Say how much of a word was not run: nothing when all was, the number of reviewed cells, or that all is reviewed."""
    if graded is None or recipe not in graded.words:
        return {"reviewed": "all"}
    return {"reviewed": filled} if filled else {}


def count_causes(cells: Iterable[GradedCell], filled: Iterable[Judged]) -> dict[str, int]:
    found: list[GradedCell | Judged] = [*cells, *filled]
    return dict(Counter(cell.cause for cell in found if cell.cause))


def is_outdated(inputs: Inputs, graded: GradedStack | None, recipe: str) -> bool:
    """Say whether the recipe's file changed after the stack ran."""
    if graded is None or recipe not in graded.words:
        return False
    ran = graded.facts.header["recipes"].get(recipe, {})
    return bool(inputs.content.recipes.get(recipe, {}).get("sha256") != ran.get("sha256"))
