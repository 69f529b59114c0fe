"""Put together results.json: what the facts of all stacks mean, shaped by results.schema.json."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from matrix.judging.causes import CAUSES
from matrix.judging.controls import REAL_COMMITS, find_contract, is_control
from matrix.judging.verdicts import FLAKY, ISOLATES
from reports.results import grading
from reports.results.content import Content
from reports.results.grading import GradedCell, GradedStack
from reports.results.legend import make_legend
from reports.results.stacks import Inputs, make_stacks

FORMAT = 1


def make_results(inputs: Inputs) -> dict:
    """Return results.json without drift, baseline, comparison and what is coming, which are judged afterwards."""
    cells = {stack: shape_cells(graded) for stack, graded in inputs.graded.items()}
    red = [(stack, cell) for stack, graded in inputs.graded.items() for cell in red_cells(graded)]
    stacks = make_stacks(inputs)
    return {
        "format": FORMAT,
        "generated": format_time(inputs.now),
        "summary": summarise(inputs, stacks, red),
        "stacks": stacks,
        "families": inputs.content.families,
        "recipes": make_recipes(inputs),
        "cases": make_cases(inputs),
        "words": {stack: shape_words(graded, inputs.content) for stack, graded in inputs.graded.items()},
        "cells": cells,
        "causes": make_causes(red),
        "drift": [],
        "unexplained": sorted(cell.facts.id for _, cell in red if not cell.cause),
        "notes": make_notes(inputs),
        "baseline": {"state": "none", "sha256": None},
        "comparison": None,
        "coming": None,
        "legend": make_legend(),
    }


def red_cells(graded: GradedStack) -> Iterable[GradedCell]:
    """Cells that are not clean, without the controls: those are red by design."""
    for recipe, by_case in graded.cells.items():
        if not is_control(recipe):
            yield from (cell for cell in by_case.values() if cell.judgement.red)


def shape_cells(graded: GradedStack) -> dict:
    return {recipe: {case: shape_cell(cell) for case, cell in by_case.items()} for recipe, by_case in graded.cells.items()}


def shape_cell(cell: GradedCell) -> dict:
    shaped: dict = {"verdict": cell.verdict}
    if cell.cause:
        shaped["cause"] = cell.cause
    if cell.verdict != ISOLATES and cell.reason:
        shaped["reason"] = cell.reason
    if cell.verdict == FLAKY:
        shaped["passes"] = list(cell.judgement.passes)
    if cell.judgement.shown.get("drift"):
        shaped["drift"] = True
    if cell.judgement.shown.get("process"):
        shaped["process"] = True
    return shaped


def shape_words(graded: GradedStack, content: Content) -> dict:
    ran, contracts = graded.facts.header["recipes"], graded.facts.header.get("contracts", {})
    return {
        recipe: {
            "word": word.word, "note": word.note, "counts": word.counts,
            "cost": grading.find_cost(graded.cells.get(recipe, {}), graded.cells.get(f"{find_contract(recipe, contracts)}/{REAL_COMMITS}", {})),
            "outdated": content.recipes.get(recipe, {}).get("sha256") != ran.get(recipe, {}).get("sha256"),
            "causes": grading.count_causes(graded.cells.get(recipe, {})),
        }
        for recipe, word in graded.words.items()
    }  # fmt: skip


def make_recipes(inputs: Inputs) -> dict:
    """Every recipe of fixtures/, and those that ran but have no file any more."""
    ran = {recipe: about for graded in inputs.graded.values() for recipe, about in graded.facts.header["recipes"].items()}
    gone = {recipe: describe_gone(recipe, about["sha256"]) for recipe, about in ran.items() if recipe not in inputs.content.recipes}
    return {**inputs.content.recipes, **gone}


def describe_gone(recipe: str, sha256: str) -> dict:
    family, name = recipe.split("/", 1)
    return {
        "family": family, "name": name, "title": name.replace("_", " "), "summary": "ran earlier; its file is gone", "doc": "",
        "source": None, "link": None, "path": f"fixtures/{recipe}.py", "code": "", "sha256": sha256, "control": is_control(recipe),
        "header": {"dependencies": [], "driver": None, "modes": [], "capabilities": []},
    }  # fmt: skip


def make_cases(inputs: Inputs) -> dict:
    """Join what the runs say of a case (level, hash) to its text; a parametrised case shares its function's text."""
    cases: dict[str, dict] = {}
    for graded in sorted(inputs.graded.values(), key=lambda stack: stack.facts.header["started"]):
        for case, ran in graded.facts.header["cases"].items():
            told = inputs.content.cases.get(case) or inputs.content.cases.get(case.split("[")[0]) or {}
            cases[case] = {
                "title": told.get("title", case.replace("_", " ")), "doc": told.get("doc", ""), "link": told.get("link"),
                "level": ran["level"], "theme": ran["theme"], "code": told.get("code", ""),
                "sha256": ran["sha256"], "commits": ran["commits"], "catches": told.get("catches", []),
            }  # fmt: skip
    return dict(sorted(cases.items(), key=lambda item: (item[1]["theme"], item[0])))


def make_causes(red: list[tuple[str, GradedCell]]) -> dict:
    """Return the causes that explain at least one cell, the one that explains most first."""
    explained: dict[str, list[tuple[str, GradedCell]]] = {}
    for stack, cell in red:
        if cell.cause:
            explained.setdefault(cell.cause, []).append((stack, cell))
    ordered = sorted(explained.items(), key=lambda item: (-len(item[1]), item[0]))
    return {name: shape_cause(name, cells) for name, cells in ordered}


def shape_cause(name: str, cells: list[tuple[str, GradedCell]]) -> dict:
    cause = CAUSES[name]
    return {
        "title": cause.title, "explanation": cause.explanation, "instead": cause.instead, "link": cause.link,
        "theme": cause.theme, "cells": len(cells), "stacks": len({stack for stack, _ in cells}),
        "recipes": sorted({cell.facts.recipe for _, cell in cells}),
    }  # fmt: skip


def summarise(inputs: Inputs, stacks: dict, red: list) -> dict:
    verdicts = Counter(cell.verdict for graded in inputs.graded.values() for by_case in graded.cells.values() for cell in by_case.values())
    explained = [cell.cause for _, cell in red if cell.cause]
    return {
        "stacks_ran": sum(stack["state"] == "ran" for stack in stacks.values()),
        "stacks_not_run": sum(stack["state"] == "not run" for stack in stacks.values()),
        "recipes": len({recipe for graded in inputs.graded.values() for recipe in graded.words}),
        "cases": len({case for graded in inputs.graded.values() for case in graded.facts.header["cases"]}),
        "cells": sum(verdicts.values()), "verdicts": dict(verdicts.most_common()),
        "red": len(red), "explained": len(explained), "causes": len(set(explained)),
        "sentence": tell(len(red), len(explained), len(set(explained))),
        "wall_s": round(sum(stack["wall_s"] or 0 for stack in stacks.values() if stack["state"] == "ran"), 3),
    }  # fmt: skip


def tell(red: int, explained: int, causes: int) -> str:
    """Say it the way people read: "3 causes explain 214 red cells"."""
    if not red:
        return "no red cells"
    cells = f"{red} red {'cell' if red == 1 else 'cells'}"
    if explained < red:
        cells = f"{explained} of {cells}"
    return f"{causes} {'cause explains' if causes == 1 else 'causes explain'} {cells}"


def make_notes(inputs: Inputs) -> list[str]:
    """What a reader must know before trusting the rest."""
    notes = [problem for graded in inputs.graded.values() for problem in graded.problems]
    for stack, graded in inputs.graded.items():
        changed = sorted(r for r, w in shape_words(graded, inputs.content).items() if w["outdated"])
        if changed:
            notes.append(f"{stack}: changed since it ran: {', '.join(changed)}")
    return notes


def format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
