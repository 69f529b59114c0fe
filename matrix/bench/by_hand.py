"""The matrix as people write it: one stack after the other, one pytest process for every recipe.

No witness, no proof of a baseline, no timeline: the schema is built anew for every recipe, and pytest's
exit code is all that comes out. Environments and servers are the very same.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matrix.ending.children import run_child
from matrix.plan.contents import ROOT, Case, Recipe
from matrix.plan.headers import find_unmet
from matrix.plan.selection import Plan
from matrix.run.stage import Stage
from matrix.servers.directory import open_scratch
from matrix.supervisor.job import DEADLINE_S

MOST_S = 900.0  # for one recipe; what hangs in it ends long before


@dataclass(frozen=True)
class HandRun:
    """What came of recipes that ran by hand, seconds."""

    cells: int
    whole_s: float
    """Wall time: building the schema, and everything from the start of each process to its end."""
    own_s: float
    """What of it pytest spent in the protocol of the cases."""
    reports_s: float
    """What of that it took to put failures into words."""
    unended: frozenset[str] = frozenset()
    """Cases that began and did not end: they hung, or their process died."""

    @property
    def start_s(self) -> float:
        """What was no test's own: the schema, the interpreter, imports, collection, and the end of each process."""
        return self.whole_s - self.own_s

    def __add__(self, other: HandRun) -> HandRun:
        whole_s, own_s, reports_s = self.whole_s + other.whole_s, self.own_s + other.own_s, self.reports_s + other.reports_s
        return HandRun(self.cells + other.cells, whole_s, own_s, reports_s, self.unended | other.unended)


def run_stack_by_hand(stage: Stage, plan: Plan) -> HandRun:
    """Run every recipe that applies in a pytest process of its own, one after the other."""
    total = HandRun(0, 0.0, 0.0, 0.0)
    for recipe in list_applying(stage, plan):
        total += run_recipe_by_hand(stage, recipe, list_runnable(stage, plan))
    return total


def run_recipe_by_hand(stage: Stage, recipe: Recipe, cases: Sequence[Case]) -> HandRun:
    """Build the schema and run the cases in one pytest process."""
    with open_scratch() as scratch:
        times = scratch / "times"
        variables = {"MATRIX_BENCH_TIMES": str(times), "MATRIX_BENCH_LIMIT": str(DEADLINE_S)}
        command = [str(stage.python), "-m", "pytest", "-p", "matrix.bench.own_time", str(recipe.path.relative_to(ROOT)), "-q", *select_cases(cases)]
        started = time.monotonic()
        stage.witness.build_schema(stage.ddl)
        done = run_child(command, cwd=ROOT, env=stage.environment | variables, capture_output=True, text=True, timeout=MOST_S)
        whole_s = time.monotonic() - started
        if not times.exists():
            raise RuntimeError(f"{recipe.id} on {stage.stack.id}: pytest did not come to its cases:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return read_times(times, whole_s)


def read_times(path: Path, whole_s: float) -> HandRun:
    """Return what the plugin has left of one process, which took `whole_s` seconds in all."""
    began: set[str] = set()
    own: list[float] = []
    reports: list[float] = []
    for line in path.read_text().splitlines():
        if line.endswith(" began"):
            began.add(line.removesuffix(" began"))
        else:
            case, own_s, reports_s = line.rsplit(" ", 2)
            own.append(float(own_s))
            reports.append(float(reports_s))
            began.discard(case)
    return HandRun(len(own), whole_s, sum(own), sum(reports), frozenset(began))


def find_hanging_by_hand(stage: Stage, plan: Plan) -> set[str]:
    """Return the cases that do not end under some recipe: each ends its process, so those behind it are tried in another."""
    hanging: set[str] = set()
    for recipe in list_applying(stage, plan):
        while True:
            cases = [case for case in list_runnable(stage, plan) if case.id not in hanging]
            unended = {case.partition("[")[0] for case in run_recipe_by_hand(stage, recipe, cases).unended}
            if not unended:
                break
            hanging |= unended
    return hanging


def list_applying(stage: Stage, plan: Plan) -> list[Recipe]:
    """Return the recipes of the plan that the stack can use."""
    return [recipe for recipe in plan.list_recipes(stage.stack) if not find_unmet(recipe.header, stage.packages, stage.stack, stage.capabilities)]


def list_runnable(stage: Stage, plan: Plan) -> list[Case]:
    """Return the cases of the plan that the stack can run."""
    return [case for case in plan.cases if all(stage.capabilities.get(need, False) for need in case.needs)]


def select_cases(cases: Iterable[Case]) -> list[str]:
    """Return pytest's arguments for the cases."""
    return [argument for case in cases for argument in ("--case", case.id)]
