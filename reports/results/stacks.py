"""The stacks of the results: their rows, and when, where and how completely each ran."""

from dataclasses import dataclass
from datetime import datetime

from reports.results.content import Content
from reports.results.grading import GradedStack


@dataclass(frozen=True)
class Inputs:
    """What results are made of.

    rows: Stack objects of matrix.plan.rows, in their order; now: time of the report, UTC; current: stacks of this run.
    """

    graded: dict[str, GradedStack]
    not_run: dict[str, dict]
    rows: tuple
    content: Content
    now: datetime
    current: frozenset[str]


def make_stacks(inputs: Inputs) -> dict:
    """Rows in their order; a stack with results whose row is gone comes last, from its header."""
    stacks = {row.id: make_stack(shape_row(row), row.id, inputs) for row in inputs.rows}
    for stack, graded in inputs.graded.items():
        if stack not in stacks:
            row = {**graded.facts.header["stack"], "promised": False, "summary": "no longer a row"}
            row.pop("id")
            stacks[stack] = make_stack(row, stack, inputs)
    return stacks


def shape_row(row) -> dict:
    database = {"id": row.database.id, "product": row.database.product, "major": row.database.major}
    names = ("line", "mode", "python", "dialect", "driver", "asynchronous", "promised", "summary")
    return {**{name: getattr(row, name) for name in names}, "database": database}


def newest_run(graded: dict[str, GradedStack]) -> str | None:
    latest = max(graded.values(), key=lambda stack: stack.facts.header["started"], default=None)
    return latest.facts.run if latest else None


def make_stack(row: dict, stack: str, inputs: Inputs) -> dict:
    missed = inputs.not_run.get(stack, {})
    graded = inputs.graded.get(stack)
    reason = missed.get("reason") or ("no result on disk" if graded is None else None)
    blank = dict.fromkeys(("ran", "age_days", "run", "versions", "server", "c_extensions", "host", "wall_s"))
    if graded is None:
        about = {"state": "not run", "complete": False, "problems": [], "cells": 0, **blank}
    else:
        about = describe_run(graded, inputs.now, stack in inputs.current and not missed)
    names = ("line", "mode", "python", "dialect", "driver", "asynchronous", "promised", "summary", "database")
    return {**{name: row[name] for name in names}, "reason": reason, "missing": missed.get("missing"), **about}


def describe_run(graded: GradedStack, now: datetime, current: bool) -> dict:
    header, footer = graded.facts.header, graded.facts.footer
    age = now - parse_time(header["started"])
    return {
        "state": "ran" if current else "earlier",
        "ran": header["started"], "age_days": round(age.total_seconds() / 86400, 2), "run": header["run"],
        "versions": {name: header["versions"][name] for name in ("python", "implementation", "server", "packages")},
        "server": header["server"]["way"], "c_extensions": header["c_extensions"], "host": header["host"],
        "wall_s": footer["wall_s"], "complete": header["selection"]["complete"],
        "problems": list(graded.problems), "cells": len(graded.facts.cells),
    }  # fmt: skip


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
