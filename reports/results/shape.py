"""Put together results.json: what the facts of all stacks mean, shaped by results.schema.json."""

from datetime import UTC, datetime

from matrix.facts import JsonObject
from matrix.judging.controls import is_control
from reports.results.causes import list_red, list_reviewed_causes, make_causes
from reports.results.cells import is_outdated, list_runs, shape_cells, shape_words
from reports.results.counts import summarise
from reports.results.legend import make_legend
from reports.results.stacks import Inputs, make_stacks

FORMAT = 1


def make_results(inputs: Inputs) -> JsonObject:
    """Return results.json without drift, baseline, comparison and what is coming, which are judged afterwards."""
    red, stacks, runs = list_red(inputs), make_stacks(inputs), list_runs(inputs)
    return {
        "format": FORMAT,
        "generated": format_time(inputs.now),
        "summary": summarise(inputs, stacks, red),
        "stacks": stacks,
        "runs": runs,
        "families": inputs.content.families,
        "recipes": make_recipes(inputs),
        "cases": make_cases(inputs),
        "words": shape_words(inputs),
        "cells": shape_cells(inputs, runs),
        "causes": make_causes(red, list_reviewed_causes(inputs)),
        "drift": [],
        "unexplained": sorted(cell.id for _, cell in red if not cell.cause),
        "notes": make_notes(inputs),
        "baseline": {"state": "none", "sha256": None, "date": inputs.reviewed.date},
        "comparison": None,
        "coming": None,
        "legend": make_legend(),
    }


def make_recipes(inputs: Inputs) -> JsonObject:
    """Every recipe of fixtures/, and those that ran but have no file any more."""
    ran = {recipe: about for graded in inputs.graded.values() for recipe, about in graded.facts.header["recipes"].items()}
    gone = {recipe: describe_gone(recipe, about["sha256"]) for recipe, about in ran.items() if recipe not in inputs.content.recipes}
    return {**inputs.content.recipes, **gone}


def describe_gone(recipe: str, sha256: str) -> JsonObject:
    family, name = recipe.split("/", 1)
    return {
        "family": family, "name": name, "title": name.replace("_", " "), "summary": "ran earlier; its file is gone", "doc": "",
        "source": None, "link": None, "path": f"fixtures/{recipe}.py", "code": "", "sha256": sha256, "control": is_control(recipe),
        "header": {"dependencies": [], "driver": None, "modes": [], "capabilities": []},
    }  # fmt: skip


def make_cases(inputs: Inputs) -> JsonObject:
    """Join what the runs say of a case (level, hash) to its text; a parametrised case shares its function's text."""
    about: dict[str, JsonObject] = {case: find_told(inputs, case) for recipes in inputs.filled.values() for cases in recipes.values() for case in cases}
    for graded in sorted(inputs.graded.values(), key=lambda stack: stack.facts.header["started"]):
        about |= graded.facts.header["cases"]
    cases = {case: shape_case(case, said, find_told(inputs, case)) for case, said in about.items()}
    return dict(sorted(cases.items(), key=lambda item: (item[1]["theme"], item[0])))


def find_told(inputs: Inputs, case: str) -> JsonObject:
    told = inputs.content.cases
    return told.get(case) or told.get(case.split("[")[0]) or {}


def shape_case(case: str, said: JsonObject, told: JsonObject) -> JsonObject:
    return {
        "title": told.get("title", case.replace("_", " ")), "doc": told.get("doc", ""), "link": told.get("link"),
        "level": said["level"], "theme": said["theme"], "code": told.get("code", ""),
        "sha256": said["sha256"], "commits": said["commits"], "catches": told.get("catches", []),
    }  # fmt: skip


def make_notes(inputs: Inputs) -> list[str]:
    """What a reader must know before trusting the rest."""
    notes = [problem for graded in inputs.graded.values() for problem in graded.problems]
    for stack, graded in inputs.graded.items():
        changed = sorted(recipe for recipe in graded.words if is_outdated(inputs, graded, recipe))
        if changed:
            notes.append(f"{stack}: changed since it ran: {', '.join(changed)}")
    return notes


def format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
