"""The cost of one cell, proof of the baseline included, against a bare loop over the same recipe and case."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from threading import Event
from typing import Any

from matrix.ending.children import run_child
from matrix.facts import JsonObject
from matrix.plan.contents import ROOT, Recipe
from matrix.run.stage import Stage
from matrix.servers.directory import open_scratch
from matrix.supervisor.childrun import REPEATED, ChildRun
from matrix.supervisor.examination import Examination
from matrix.supervisor.job import DEADLINE_S
from matrix.supervisor.recipe import RecipeProcess
from matrix.supervisor.review import Review
from matrix.supervisor.warm import WarmProcess

RUNS = 150
PAIRS = 5


@dataclass(frozen=True)
class CellCost:
    """Medians over pairs, seconds per cell; `ratio` is the median of the pairs' own ratios."""

    bare_s: float
    supervised_s: float
    ratio: float


def compare_cell(stage: Stage, recipe: Recipe, case: str, pairs: int = PAIRS) -> CellCost:
    """Measure bare and supervised in turn, so that a machine that drifts drifts for both."""
    bare, supervised = [], []
    with WarmProcess(stage.python, stage.environment) as warm, RecipeProcess(warm, recipe) as process:
        review = Review("bench", stage.stack.database.product)
        exam = Examination(stage.stack, stage.witness, warm, stage.witness.record_baseline(), DEADLINE_S, Event(), lambda cell: None, review)
        for _ in range(pairs):
            bare.append(time_bare(stage, recipe, case))
            supervised.append(time_supervised(exam, process, case))
    ratios = [ours / theirs for ours, theirs in zip(supervised, bare, strict=True)]
    return CellCost(statistics.median(bare), statistics.median(supervised), statistics.median(ratios))


def time_supervised(exam: Examination, process: RecipeProcess, case: str) -> float:
    """Return the median time between two cells of one child, seconds."""
    run = TimedRun(exam, process, [case], REPEATED, repeat=RUNS)
    run.run()
    if len(run.times) != RUNS:
        raise RuntimeError(f"{len(run.times)} of {RUNS} cells ran: {run.cells[-1:]}")
    return median_step(run.times)


class TimedRun(ChildRun):
    """A child run that remembers when each cell was done with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.times: list[float] = []

    def _add_cell(self, facts: JsonObject) -> None:
        super()._add_cell(facts)
        self.times.append(time.perf_counter())


class LoopFailed(RuntimeError):
    """A case did not run through in the bare loop; `reason` is the last thing that pytest said."""

    def __init__(self, output: str) -> None:
        super().__init__(f"the bare loop failed:\n{output[-3000:]}")
        self.reason = output.strip().splitlines()[-1] if output.strip() else "it said nothing"


def time_bare(stage: Stage, recipe: Recipe, case: str, runs: int = RUNS, more: Mapping[str, str] | None = None) -> float:
    """Return the median time between two runs of the case in one ordinary pytest process, seconds. Raises LoopFailed.

    more: variables that the loop is told beside.
    """
    with open_scratch() as scratch:
        times = scratch / "times"
        environment = stage.environment | {"MATRIX_BENCH_RUNS": str(runs), "MATRIX_BENCH_TIMES": str(times), "PATH": os.defpath, **(more or {})}
        command = [str(stage.python), "-m", "pytest", str(recipe.path), "--case", case, "-p", "matrix.bench.bare", "-q", "-p", "no:cacheprovider"]
        done = run_child(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise LoopFailed(done.stdout)
        return median_step([float(line) for line in times.read_text().split()])


def median_step(times: list[float]) -> float:
    """Return the median of the steps between sorted times."""
    return statistics.median(later - earlier for earlier, later in pairwise(times))
