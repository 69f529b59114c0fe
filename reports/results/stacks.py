"""The stacks of the results: their rows, and when, where and how completely each ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from matrix.facts import JsonObject
from matrix.judging.changes import Judged
from matrix.plan.rows import Stack
from matrix.run.outcome import RunOutcome
from reports.results.content import Content
from reports.results.grading import GradedStack
from reports.results.reviewed import Reviewed, fill_cells

UNPLANNED = "no part of this run"


@dataclass(frozen=True)
class Inputs:
    """What results are made of.

    rows: Stack objects of matrix.plan.rows, in their order; now: time of the report, UTC; current: stacks of this run.
    outcome: None when the files come from several jobs, or from nobody knows where. costs: reviewed ones, by stack and recipe.
    """

    graded: dict[str, GradedStack]
    not_run: dict[str, JsonObject]
    rows: tuple[Stack, ...]
    content: Content
    now: datetime
    current: frozenset[str]
    reviewed: Reviewed = field(default_factory=Reviewed)
    outcome: RunOutcome | None = None
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @cached_property
    def filled(self) -> dict[str, dict[str, dict[str, Judged]]]:
        """The reviewed cells that nothing newer stands for, by stack, recipe and case. An earlier result is newer and whole."""
        known = [row.id for row in self.rows if row.id in self.reviewed.cells]
        whole = self.graded.keys() - self.current
        found = {stack: fill_cells(self.reviewed, stack, self.graded.get(stack)) for stack in known if stack not in whole}
        return {stack: recipes for stack, recipes in found.items() if recipes}

    @cached_property
    def stacks(self) -> tuple[str, ...]:
        """Stacks that have any cell or word: those with results, then those that are only reviewed."""
        return tuple(dict.fromkeys([*self.graded, *self.filled]))

    def run_of(self, stack: str) -> str:
        """The id of the run that a stack's fresh cells are of."""
        return self.outcome.run if self.outcome else self.graded[stack].facts.run

    def families_of(self, stack: str) -> tuple[str, ...]:
        return next((row.families for row in self.rows if row.id == stack), ())


def make_stacks(inputs: Inputs) -> JsonObject:
    """Rows in their order; a stack with results whose row is gone comes last, from its header."""
    stacks = {row.id: make_stack(shape_row(row), row.id, inputs) for row in inputs.rows}
    for stack, graded in inputs.graded.items():
        if stack not in stacks:
            row = {**graded.facts.header["stack"], "promised": False, "summary": "no longer a row"}
            row.pop("id")
            stacks[stack] = make_stack(row, stack, inputs)
    return stacks


def shape_row(row: Stack) -> JsonObject:
    database = {"id": row.database.id, "product": row.database.product, "major": row.database.major}
    names = ("line", "mode", "python", "dialect", "driver", "asynchronous", "promised", "summary")
    return {**{name: getattr(row, name) for name in names}, "database": database}


def newest_run(graded: Mapping[str, GradedStack]) -> str | None:
    latest = max(graded.values(), key=lambda stack: stack.facts.header["started"], default=None)
    return latest.facts.run if latest else None


def make_stack(row: JsonObject, stack: str, inputs: Inputs) -> JsonObject:
    missed = inputs.not_run.get(stack, {})
    graded = inputs.graded.get(stack)
    blank = dict.fromkeys(("ran", "age_days", "run", "versions", "server", "c_extensions", "host", "wall_s"))
    if graded is None:
        state = "reviewed" if stack in inputs.filled else "not run"
        about: JsonObject = {"state": state, "complete": False, "problems": [], "cells": 0, **blank}
    else:
        about = describe_run(graded, inputs.now, stack in inputs.current and not missed) | describe_kept(graded, inputs.run_of(stack))
        about["problems"] += find_mixture(graded, inputs) if about["state"] == "ran" else []
    names = ("line", "mode", "python", "dialect", "driver", "asynchronous", "promised", "summary", "database")
    return {**{name: row[name] for name in names}, "reason": find_reason(stack, inputs), "missing": missed.get("missing"), **about}


def find_reason(stack: str, inputs: Inputs) -> str | None:
    """Say why a stack has no result of this run; None when it has."""
    if stack in inputs.not_run:
        return str(inputs.not_run[stack]["reason"])
    if stack in inputs.graded:
        return None
    return UNPLANNED if inputs.outcome and stack not in inputs.outcome.stacks else "no result on disk"


def describe_run(graded: GradedStack, now: datetime, current: bool) -> JsonObject:
    header, footer = graded.facts.header, graded.facts.footer
    age = now - parse_time(header["started"])
    return {
        "state": "ran" if current else "earlier",
        "ran": header["started"], "age_days": round(age.total_seconds() / 86400, 2), "run": header["run"],
        "versions": {name: header["versions"][name] for name in ("python", "implementation", "server", "packages")},
        "server": header["server"]["way"], "c_extensions": header["c_extensions"], "host": header["host"],
        "wall_s": footer["wall_s"], "complete": header["selection"]["complete"],
        "problems": list(graded.problems), "cells": graded.count,
    }  # fmt: skip


def find_mixture(graded: GradedStack, inputs: Inputs) -> list[str]:
    """Return that a stack was examined by another state of the instrument than most of its run: badge and baseline are of one alone."""
    states = Counter(inputs.graded[stack].facts.header.get("instrument") for stack in inputs.graded if stack in inputs.current)
    usual = states.most_common(1)[0][0]
    own = graded.facts.header.get("instrument")
    return [] if own == usual else [f"{graded.facts.stack}: ran with another state of the instrument than the rest of this run; run it again"]


def describe_kept(graded: GradedStack, run: str) -> JsonObject:
    """Say how many cells are of earlier runs, and when the oldest of them ran; nothing when all are of this one."""
    kept = graded.list_kept(run)
    return {"kept": len(kept), "oldest": min(map(graded.find_start, {cell.run for cell in kept}))} if kept else {}


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
