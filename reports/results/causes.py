"""The causes of the results: what each explains of the run, and of what is shown as reviewed."""

from __future__ import annotations

from collections.abc import Iterable

from matrix.facts import JsonObject
from matrix.judging.causes import CAUSES
from matrix.judging.controls import is_control
from reports.results.grading import GradedCell
from reports.results.stacks import Inputs

# (stack, recipe) of a cell
Place = tuple[str, str]


def list_red(inputs: Inputs) -> list[tuple[str, GradedCell]]:
    """Return the cells of all results that are not clean, each with its stack, without the controls: those are red by design."""
    return [
        (stack, cell)
        for stack, graded in inputs.graded.items()
        for recipe, by_case in graded.cells.items()
        if not is_control(recipe)
        for cell in by_case.values()
        if cell.red
    ]


def list_reviewed_causes(inputs: Inputs) -> list[tuple[str, Place]]:
    """Return the cause and the place of every cell that is shown as reviewed and has one."""
    return [
        (judged.cause, (stack, recipe))
        for stack, recipes in inputs.filled.items()
        for recipe, by_case in recipes.items()
        for judged in by_case.values()
        if judged.cause
    ]


def make_causes(red: Iterable[tuple[str, GradedCell]], reviewed: Iterable[tuple[str, Place]] = ()) -> JsonObject:
    """Return the causes that explain at least one cell, the one that explains most of the run first."""
    ran, shown = collect((cell.cause, (stack, cell.recipe)) for stack, cell in red if cell.cause), collect(reviewed)
    ordered = sorted(ran.keys() | shown.keys() & CAUSES.keys(), key=lambda cause: (-len(ran.get(cause, ())), -len(shown.get(cause, ())), cause))
    return {cause: shape_cause(cause, ran.get(cause, []), shown.get(cause, [])) for cause in ordered}


def collect(found: Iterable[tuple[str, Place]]) -> dict[str, list[Place]]:
    places: dict[str, list[Place]] = {}
    for cause, place in found:
        places.setdefault(cause, []).append(place)
    return places


def shape_cause(name: str, ran: list[Place], reviewed: list[Place]) -> JsonObject:
    cause = CAUSES[name]
    return {
        "title": cause.title, "explanation": cause.explanation, "instead": cause.instead, "link": cause.link,
        "theme": cause.theme, "cells": len(ran), "stacks": len({stack for stack, _ in ran}),
        "recipes": sorted({recipe for _, recipe in (*ran, *reviewed)}),
        **({"reviewed": len(reviewed)} if reviewed else {}),
    }  # fmt: skip
