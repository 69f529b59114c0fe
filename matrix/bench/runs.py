"""Whole runs as a user feels them, report included: with nothing kept, again without a change, and after one edit each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.table import Table

from matrix.bench.checkout import Checkout
from matrix.bench.saying import Saying
from matrix.ending import guard
from matrix.ending.children import end_group
from matrix.ending.stop import get_signal, hold
from matrix.plan.contents import Case, Recipe
from matrix.plan.rows import Stack
from matrix.plan.selection import Plan, Selection, make_plan
from matrix.run.outcome import read_outcome
from matrix.servers.directory import open_scratch

RECIPE, CASE, STACK = "plain/create_savepoint", "commit_twice", "sa20-psycopg-postgresql18"
LOOK_S = 0.5
PATIENCE_S = 7.0  # for a run to end in order; less than we have ourselves


@dataclass(frozen=True)
class RunCost:
    """One run: wall times in seconds, cells by what became of them, and how many the edit before it touched."""

    what: str
    run_s: float
    report_s: float
    ran: int
    kept: int
    touched: int | None
    code: int
    """Exit code of the report: 1 when something is not as the baseline says."""


@dataclass(frozen=True)
class Edits:
    """What is edited: one recipe, one case and the lock of one stack, all of them part of the runs."""

    recipe: Recipe
    case: Case
    stack: Stack


def measure_runs(selection: Selection, jobs: int, ways: Sequence[str], saying: Saying) -> list[RunCost]:
    """Run a selection in a copied checkout, one step after the other; once each, since a cold one takes minutes."""
    edits = choose_edits(make_plan(selection))
    arguments = [*list_globs(selection), "--jobs", str(jobs), "--servers", ",".join(ways)]
    costs: list[RunCost] = []
    with open_scratch() as folder:
        checkout = Checkout(folder / "checkout")
        for step in list_steps(checkout, edits):
            costs.append(measure_run(checkout, step, arguments))
            cost = costs[-1]
            saying.say(f"{selection.name}, {cost.what}: {cost.run_s:.1f} s and {cost.report_s:.1f} s for the report, ran {cost.ran}, kept {cost.kept}")
    return costs


@dataclass(frozen=True)
class Step:
    """What comes before a run, and how it runs."""

    what: str
    options: tuple[str, ...] = ()
    edit: Callable[[], None] | None = None
    count: Callable[[], int] | None = None


def list_steps(checkout: Checkout, edits: Edits) -> list[Step]:
    """Return the steps in order. After an edit nothing is sampled: exactly its cells must run."""
    recipe, case, stack, plain = edits.recipe, edits.case, edits.stack, ("--no-sample",)
    return [
        Step("nothing kept"),
        Step("again"),
        Step("again, --no-sample", plain),
        Step(f"recipe {recipe.id} edited", plain, lambda: checkout.edit_recipe(recipe.id), lambda: checkout.count_cells(recipe=recipe.id)),
        Step(f"case {case.id} edited", plain, lambda: checkout.edit_case(case.theme, case.id), lambda: checkout.count_cells(case=case.id)),
        Step(f"lock {stack.id} edited", plain, lambda: checkout.edit_lock(stack), lambda: checkout.count_cells(stack=stack.id)),
    ]


def measure_run(checkout: Checkout, step: Step, arguments: Sequence[str]) -> RunCost:
    """Edit, run and conclude as the front door does; what nox itself takes is not in it."""
    touched = step.count() if step.count else None
    if step.edit:
        step.edit()
    run_s, _ = time_command(checkout.folder, "-m", "matrix", "run", *arguments, *step.options)
    report_s, code = time_command(checkout.folder, "-m", "reports", "conclude")
    ended = read_outcome(checkout.data).ran.values()
    return RunCost(step.what, run_s, report_s, sum(stack.ran for stack in ended), sum(stack.kept for stack in ended), touched, code)


def time_command(folder: Path, *arguments: str) -> tuple[float, int]:
    """Return how long a command of a copied checkout took (seconds) and its exit code; whoever stops us stops it in order.

    Raises RuntimeError for an exit code that no run and no report has.
    """
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    started = time.monotonic()
    with hold(), (folder / "output").open("w+") as output:
        process = subprocess.Popen([sys.executable, *arguments], cwd=folder, env=guard.mark(variables), stdout=output, stderr=output, process_group=0)
        try:
            code = wait_for(process)
        finally:
            end_group(process.pid)
        seconds = time.monotonic() - started
        output.seek(0)
        if code not in (0, 1) and not get_signal():
            raise RuntimeError(f"{' '.join(arguments)} ended with exit code {code}:\n{output.read()[-3000:]}")
    return seconds, code


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait until a process has ended, and tell it to once we are to stop."""
    while not get_signal():
        try:
            return process.wait(LOOK_S)
        except subprocess.TimeoutExpired:
            continue
    process.terminate()
    try:
        return process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def choose_edits(plan: Plan) -> Edits:
    """Return what is edited: what most people would, or, where that is not selected, the first that is."""
    stacks = {stack.id: stack for stack in plan.stacks}
    stack = stacks.get(STACK, plan.stacks[0])
    recipes = {recipe.id: recipe for recipe in plan.list_recipes(stack) if not recipe.is_control}
    cases = {case.id: case for case in plan.cases}
    return Edits(recipes.get(RECIPE) or next(iter(recipes.values())), cases.get(CASE, plan.cases[0]), stack)


def list_globs(selection: Selection) -> list[str]:
    """Return a selection as it is typed."""
    globs = [argument for stack in selection.stacks for argument in ("--stack", stack)]
    globs += [argument for recipe in selection.recipes for argument in ("--recipe", recipe)]
    return globs + (["--all"] if selection.name == "all" else [])


def draw_runs(costs: Sequence[RunCost], name: str) -> Table:
    """Return the table of runs. An edit is good when as many cells ran as it touches."""
    table = Table(title=f"{name}: whole runs in a copied checkout, report included, once each", box=SIMPLE)
    table.add_column("run", no_wrap=True)
    for column in ("wall s", "of it\nreport", "ran", "kept", "touched by\nthe edit", "ran /\ntouched", "exit\ncode"):
        table.add_column(column, justify="right")
    for cost in costs:
        touched = "" if cost.touched is None else str(cost.touched)
        ratio = f"{cost.ran / cost.touched:.2f}" if cost.touched else ""
        table.add_row(cost.what, f"{cost.run_s + cost.report_s:.1f}", f"{cost.report_s:.1f}", str(cost.ran), str(cost.kept), touched, ratio, str(cost.code))
    return table
