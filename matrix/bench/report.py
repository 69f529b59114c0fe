"""Runs the benchmark, all parts of it or one, and prints its figures: seconds and ratios; the ratios decide."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from matrix.bench import cells, runs
from matrix.bench.cell import PAIRS, RUNS, compare_cell
from matrix.bench.comparison import MOST, describe_costs, describe_run, draw_costs, find_ratio
from matrix.bench.saying import Saying
from matrix.bench.whole import compare_whole
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_stacks
from matrix.plan.selection import Selection, SelectionError, make_plan, select
from matrix.run.stage import open_stage
from matrix.run.workflow import Options
from matrix.servers.directory import open_scratch

WIDTH = 130  # characters that the widest table needs, where there is no terminal that has its own
PARTS = ("cells", "runs", "hand")
CELLS = (
    ("sa20-psycopg2-postgresql18", "plain/create_savepoint", 2.0),
    ("sa20-pymysql-mysql97", "plain/create_savepoint", 3.0),
    ("sa20-pymysql-mariadb118", "plain/create_savepoint", 3.0),
    ("sa20-asyncpg-postgresql18", "asyncio/create_savepoint", 2.0),
)
CASE = "commit_twice"
STACKS = ("sa13-psycopg2-postgresql18", "sa14-psycopg2-postgresql18", "sa20-psycopg2-postgresql18", "sa20-pymysql-mysql97")


@dataclass(frozen=True)
class BenchOptions:
    """What is to be measured, as typed. part: one of PARTS, None for all; every: also whole runs of all rows and cases."""

    jobs: int
    ways: Sequence[str]
    part: str | None = None
    stacks: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    pairs: int = PAIRS
    every: bool = False


def run_benchmark(options: BenchOptions) -> int:
    """Print what was asked for; returns 0 when every ratio that decides is as it must be.

    Raises SelectionError before anything is started, later what starting stacks raises.
    """
    if options.every and options.part != "runs":
        raise SelectionError("--all is for whole runs and takes half an hour: it needs --part runs beside it")
    parts = {"cells": report_cells, "runs": report_runs, "hand": report_hand}
    saying = Saying(Console(width=None if sys.stdout.isatty() else WIDTH))
    kept = [parts[part](options, saying) for part in PARTS if options.part in (None, part)]
    return 0 if all(kept) else 1


def report_cells(options: BenchOptions, saying: Saying) -> bool:
    """The cells of stacks, against the tests' own time in plain pytest; this decides."""
    plan = cells.plan_cells(options.stacks, options.recipes)
    with open_scratch() as directory:
        how = Options(jobs=options.jobs, ways=options.ways, directory=directory, known=True, fresh=True, sample=False)
        found = cells.compare_cells(plan, how, options.pairs, saying)
    saying.console.print(draw_costs(found.costs))
    for sentence in (
        describe_costs(found.costs),
        describe_run(found.costs, found.wall_s, options.jobs),
        f"left out on both sides, for they do not end by hand: {', '.join(found.left_out) or 'nothing'}",
    ):
        saying.console.print(sentence, highlight=False, soft_wrap=True)
    return find_ratio(found.costs, lambda pair: pair.own_ratio) <= MOST


def report_runs(options: BenchOptions, saying: Saying) -> bool:
    """Whole runs, with nothing kept, again, and after edits: figures."""
    for every in (False, True) if options.every else (False,):
        selection = Selection(options.stacks, options.recipes, every=every)
        saying.console.print(runs.draw_runs(runs.measure_runs(selection, options.jobs, options.ways, saying), selection.name))
    return True


def report_hand(options: BenchOptions, saying: Saying) -> bool:
    """One cell against a bare loop, whose ratios decide, and whole stacks against the same by hand: a figure."""
    stacks = {stack.id for stack in select(load_stacks(), options.stacks, "stack")}
    kept = compare_cells(saying, [cell for cell in CELLS if cell[0] in stacks], options)
    compare_run(saying, options)
    return kept


def compare_cells(saying: Saying, measured: Sequence[tuple[str, str, float]], options: BenchOptions) -> bool:
    """One cell, proof of the baseline included, against a bare loop."""
    names = ("stack", "recipe", "bare ms", "supervised ms", "ratio", "at most")
    table = Table(*names, title=f"{CASE}: {options.pairs} pairs of {RUNS} runs, interleaved")
    kept = True
    for stack_id, recipe, most in measured:
        with open_stage(load_stacks()[stack_id], options.ways) as stage:
            cost = compare_cell(stage, find_recipes()[recipe], CASE, options.pairs)
        kept = kept and cost.ratio <= most
        saying.say(f"one cell on {stack_id}: {cost.ratio:.2f} times a bare loop")
        table.add_row(stack_id, recipe, f"{cost.bare_s * 1000:.2f}", f"{cost.supervised_s * 1000:.2f}", f"{cost.ratio:.2f}", f"{most:.1f}")
    if measured:
        saying.console.print(table)
    return kept


def compare_run(saying: Saying, options: BenchOptions) -> None:
    """Whole stacks side by side against one stack after the other, one pytest process per recipe."""
    plan = make_plan(Selection(options.stacks or STACKS, options.recipes))
    with open_scratch() as directory:
        how = Options(jobs=options.jobs, ways=options.ways, directory=directory, known=True, fresh=True, sample=False)
        cost = compare_whole(plan, how, saying.console)
    saying.console.print(
        f"{len(plan.stacks)} stacks, {cost.cells} cells by hand; matrix {cost.matrix_s:.1f} s, {options.jobs} stacks at a time, "
        f"by hand {cost.by_hand_s:.1f} s: {cost.by_hand_s / cost.matrix_s:.1f} times faster",
        highlight=False,
        soft_wrap=True,
    )
    saying.console.print(f"left out on both sides, for they would hang by hand: {', '.join(cost.left_out) or 'nothing'}", highlight=False, soft_wrap=True)
