"""What an audit says of the project's own fixture: its word, what it loses in plain words, and what recipes would change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import jsonschema_rs

from matrix.audit.examined import CONTROL, FAMILY
from matrix.audit.learned import STACK
from matrix.audit.playing import read_programs
from matrix.disk import write_whole
from matrix.facts import JsonObject
from matrix.facts.reading import load_stack
from matrix.judging.causes import CAUSES
from matrix.judging.controls import REAL_COMMITS
from matrix.judging.verdicts import NOT_APPLICABLE
from matrix.plan.contents import LEVELS
from matrix.plan.rows import name_line
from reports.audit.nearest import find_nearest, list_cards
from reports.explored.views import show_reason
from reports.page.promises import PROMISES, read_promise
from reports.places import Places
from reports.results.content import read_content
from reports.results.grading import GradedCell, GradedStack, find_cost, grade_stack

SCHEMA = Path(__file__).with_name("fixture.schema.json")
NAME = "fixture.json"


def make_fixture(directory: Path, places: Places) -> JsonObject | None:
    """Write fixture.json beside the facts of an examination and return it; None when nothing was examined. Raises FactsError."""
    path, target = directory / f"{STACK}.jsonl", directory / NAME
    if not path.is_file():
        target.unlink(missing_ok=True)
        return None
    document = describe_fixture(grade_stack(load_stack(path)), places) | {"programs": show_programs(read_programs(directory))}
    jsonschema_rs.validate(json.loads(SCHEMA.read_bytes()), document)
    write_whole(target, json.dumps(document, indent=1, ensure_ascii=False) + "\n", "the audit")
    return document


def describe_fixture(graded: GradedStack, places: Places) -> JsonObject:
    """Return all that is said of the fixture, as JSON values."""
    header = graded.facts.header
    [recipe] = [name for name in graded.words if name.startswith(f"{FAMILY}/")]
    cells, word = graded.cells[recipe], graded.words[recipe]
    told = read_content(places.root).cases
    stack, record = header["stack"], graded.facts.recipes[recipe]
    verdicts = {case: {"verdict": cell.verdict} for case, cell in cells.items()}
    nearest = find_nearest(stack, header["fixture"]["kind"], places)
    return {
        "format": 1, **header["fixture"],
        "stack": f"SQLAlchemy {name_line(stack['line'], stack['mode'])}, {stack['driver']}, {stack['database']['product']} {stack['database']['major']}",
        "word": word.word, "number": word.number, "note": word.note, "counts": word.counts, "lost": word.lost, "judged": word.judged,
        "cost": find_cost(cells, graded.cells.get(f"{CONTROL}/{REAL_COMMITS}", {})), "controlled": f"{CONTROL}/{REAL_COMMITS}" in graded.words,
        "promises": [PROMISES[case][mark == "-"] for case in PROMISES if (mark := read_promise(verdicts, case)) in "+-"],
        "kept": [read_promise(verdicts, case) == "+" for case in PROMISES if read_promise(verdicts, case) in "+-"],
        "losses": list_losses(cells.values(), told, header["cases"]),
        "left_out": list_left_out(cells.values()),
        "endings": [*record.get("endings", ()), *(f"{left['kind'].replace('_', ' ')}: {left['object']}" for left in record["residue"])],
        "cells": {case: shape_cell(cell, header["cases"]) for case, cell in cells.items()},
        "nearest": nearest.id if nearest else None,
        "cards": list_cards(nearest, header["fixture"]["kind"], verdicts, places, told) if nearest else [],
        "problems": list(graded.problems),
    }  # fmt: skip


def shape_cell(cell: GradedCell, cases: Mapping[str, JsonObject]) -> JsonObject:
    """Return a cell's verdict, its cause and what was seen."""
    return {"verdict": cell.verdict, "level": cases[cell.case]["level"], "cause": cell.cause, "reason": cell.reason}


def list_losses(cells: Iterable[GradedCell], told: Mapping[str, JsonObject], cases: Mapping[str, JsonObject]) -> list[JsonObject]:
    """Return what is lost, cause by cause, the worst first: those that cost essential cases, then those that cost many."""
    by_cause: dict[str | None, list[GradedCell]] = {}
    for cell in cells:
        if cell.red:
            by_cause.setdefault(cell.cause, []).append(cell)
    found = [describe_loss(cause, of_cause, told, cases) for cause, of_cause in by_cause.items()]
    return sorted(found, key=lambda loss: (LEVELS.index(loss["cases"][0]["level"]), -len(loss["cases"]), loss["title"]))


def describe_loss(cause: str | None, cells: Iterable[GradedCell], told: Mapping[str, JsonObject], cases: Mapping[str, JsonObject]) -> JsonObject:
    """Return one cause with the cases that it costs, essential ones first."""
    named = [
        {"case": cell.case, "title": find_title(told, cell.case), "level": cases[cell.case]["level"], "verdict": cell.verdict, "reason": cell.reason}
        for cell in cells
    ]
    known = CAUSES.get(cause or "")
    return {
        "cause": cause, "title": known.title if known else "no rule explains it", "explanation": known.explanation if known else "",
        "instead": known.instead if known else "", "link": known.link if known else "",
        "cases": sorted(named, key=lambda one: (LEVELS.index(one["level"]), one["case"])),
    }  # fmt: skip


def show_programs(found: JsonObject | None) -> JsonObject | None:
    """Return what programs came to, each reason with the steps of its shortest program in words; None when none was played."""
    if found is None:
        return None
    return {name: found[name] for name in ("depth", "short", "random", "differing", "left_out")} | {"reasons": list(map(show_program, found["reasons"]))}


def show_program(reason: JsonObject) -> JsonObject:
    """Return one reason as a page shows it."""
    told, known = show_reason("", "", reason), CAUSES.get(reason["cause"] or "")
    return {
        "cause": told.cause, "title": known.title if known else "no rule explains it", "verdict": told.verdict, "count": reason["count"],
        "steps": told.steps, "at": told.at, "got": told.got, "expected": told.expected, "left": told.left, "errors": told.errors, "proof": reason["proof"],
    }  # fmt: skip


def list_left_out(cells: Iterable[GradedCell]) -> dict[str, list[str]]:
    """Return by reason the cases that could not be asked."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        if cell.verdict == NOT_APPLICABLE:
            found.setdefault(cell.reason, []).append(cell.case)
    return found


def find_title(told: Mapping[str, JsonObject], case: str) -> str:
    """Return a case in words."""
    found = told.get(case) or told.get(case.partition("[")[0]) or {}
    return str(found.get("title", case.replace("_", " ")))
