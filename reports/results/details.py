"""The details of one stack's cells that are not clean, for the report's pages."""

import shlex
from collections.abc import Set

from matrix.facts import JsonObject
from matrix.judging.verdicts import FLAKY, ISOLATES, NOT_APPLICABLE
from reports.results.grading import GradedCell, GradedStack, Seen

SHOWN = ("phases", "errors", "ended", "hang", "crash", "residue", "drift", "process", "repair", "timeline", "duration_s")


def make_details(stack: GradedStack, told: Set[str] = frozenset()) -> JsonObject:
    """Return what results.schema.json calls 'details': only cells that are neither clean nor n/a, and those whose ids a story tells of."""
    cells = {}
    for recipe, by_case in stack.cells.items():
        shown = {case: make_detail(stack.facts.stack, cell) for case, cell in by_case.items() if needs_detail(cell, told)}
        if shown:
            cells[recipe] = shown
    return {"stack": stack.facts.stack, "cells": cells, "recipes": find_remains(stack)}


def needs_detail(cell: GradedCell, told: Set[str]) -> bool:
    return cell.verdict != NOT_APPLICABLE and (cell.verdict != ISOLATES or cell.id in told)


def make_detail(stack: str, cell: GradedCell) -> JsonObject:
    assert cell.seen is not None, "the facts were let go of"
    shown, proof = cell.seen.judgement.shown, cell.seen.proof
    return {
        "pass": shown["pass"],
        **{name: shown[name] for name in SHOWN},
        "proof": proof.as_json() if proof else None,
        "command": make_command(stack, cell.recipe, cell.case),
        "other": describe_other(cell.verdict, cell.seen),
        "reason": cell.reason,
        "passes": list(cell.passes) if cell.verdict == FLAKY else [],
    }


def make_command(stack: str, recipe: str, case: str) -> str:
    """Return the one line that reproduces a cell."""
    session = f'"stack({stack})"'
    return f"nox -s {session} -- --recipe {shlex.quote(recipe)} --case {shlex.quote(case)}"


def describe_other(verdict: str, seen: Seen) -> JsonObject | None:
    other = seen.other
    if verdict != FLAKY or other is None:
        return None
    own = seen.judgement.passes[0 if other["pass"] == "first" else 1]
    return {"pass": other["pass"], "verdict": own, "errors": other["errors"], "residue": other["residue"]}


def find_remains(stack: GradedStack) -> JsonObject:
    """Beside its cells: what remained when its wider fixtures had ended, what went wrong then, what grew over repeats, which log is missing."""
    found = {}
    for recipe, record in stack.facts.recipes.items():
        remains = {"residue": record.get("residue") or [], "endings": record.get("endings") or [], "repeats": record.get("repeats") or {}}
        if record.get("unlogged"):
            remains["unlogged"] = record["unlogged"]
        if any(remains.values()):
            found[recipe] = remains
    return found
