"""What a test costs as what it works with grows: tables, seed rows, connections; `nox -s sizes`.

A bare loop of one case runs under each recipe and under real commits, on a database of each size. Time on the clock,
the least of several rounds in turn, so that a neighbour who works now and then does not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from matrix.bench.cell import LoopFailed, time_bare
from matrix.disk import write_whole
from matrix.facts import JsonObject
from matrix.plan.contents import ROOT, Recipe, find_recipes
from matrix.plan.rows import Stack
from matrix.plan.selection import Selection, SelectionError, make_plan
from matrix.run.stage import Stage, open_stage

FILE = ROOT / "reports" / "sizes.json"
FORMAT = 1
STACKS = ("sa20-psycopg-postgresql18", "sa20-pymysql-mysql97", "sa20-pymysql-mariadb118", "sa20-asyncpg-postgresql18", "sa20-aiomysql-mysql97")
CASE = "rollback_only"  # commits nothing, so that it may run again under whatever commits really
CONTROL = "real_commits"
RUNS, ROUNDS = 15, 2
AT_ONCE = 1000  # rows in one INSERT


@dataclass(frozen=True)
class Size:
    """What a test works with: tables of the metadata, rows of one of them, connections that the application opens."""

    tables: int = 20
    rows: int = 100
    connections: int = 1

    def build(self) -> Iterator[str]:
        """The statements that make the tables and fill the first, in every dialect."""
        for number in range(self.tables):
            yield f"CREATE TABLE sized_{number} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL)"
        for start in range(0, self.rows, AT_ONCE):
            values = ", ".join(f"({number}, 'row {number}')" for number in range(start, min(start + AT_ONCE, self.rows)))
            yield f"INSERT INTO sized_0 (id, name) VALUES {values}"

    @property
    def variables(self) -> dict[str, str]:
        """What the loop inside the stack is told (matrix/bench/bare.py)."""
        return {"MATRIX_BENCH_TABLES": str(self.tables), "MATRIX_BENCH_CONNECTIONS": str(self.connections)}


USUAL = Size()
GROWN = {"tables": replace(USUAL, tables=200), "rows": replace(USUAL, rows=10_000), "connections": replace(USUAL, connections=10)}
Grown = dict[str, dict[str, float]]  # "tables" -> {"20": 2.1, "200": 9.0}, multiples of a bare test of that size


def run_sizes(stacks: Sequence[str], recipes: Sequence[str], ways: Sequence[str]) -> int:
    """Measure and put the figures in the place of those of the same recipes and stacks; returns 0.

    Raises SelectionError before anything is started, later what starting stacks raises.
    """
    console = Console(soft_wrap=True)
    plan = make_plan(Selection(tuple(stacks) or STACKS, tuple(recipes)))
    for stack in plan.stacks:
        chosen = [recipe for recipe in plan.list_recipes(stack) if not recipe.is_control]
        found = measure_stack(stack, chosen, ways, console)
        console.print(draw_sizes(stack, found))
        keep_sizes(FILE, stack, found)
    console.print(f"kept in {FILE.relative_to(ROOT)}", highlight=False)
    return 0


def measure_stack(stack: Stack, recipes: Sequence[Recipe], ways: Sequence[str], console: Console) -> dict[str, Grown]:
    """Return the cost of each recipe at each size; one that the loop cannot run there is left out and said."""
    controls = find_controls(recipes)
    times: dict[Size, dict[str, float]] = {}
    with open_stage(stack, ways) as stage:
        for size in [USUAL, *GROWN.values()]:
            if stack.asynchronous and size.connections != USUAL.connections:
                continue  # the loop opens them without a loop of events
            times[size] = time_recipes(stage, [*controls.values(), *recipes], size, console)
    return {recipe.id: compare_sizes(times, recipe.id, controls[recipe.contract].id) for recipe in recipes if recipe.id in times[USUAL]}


def find_controls(recipes: Sequence[Recipe]) -> dict[str, Recipe]:
    """Return the bare test of each contract. Raises SelectionError when there is none."""
    every = find_recipes()
    names = {recipe.contract: f"{recipe.contract}/{CONTROL}" for recipe in recipes}
    if missing := sorted(name for name in names.values() if name not in every):
        raise SelectionError(f"nothing to compare with: there is no {', '.join(missing)}")
    return {contract: every[name] for contract, name in names.items()}


def time_recipes(stage: Stage, recipes: Sequence[Recipe], size: Size, console: Console) -> dict[str, float]:
    """Return the least of the medians of several rounds, seconds a test, by recipe; without those under which the case does not pass at this size."""
    least: dict[str, float] = {}
    failed: set[str] = set()
    for recipe in [recipe for _ in range(ROUNDS) for recipe in recipes]:
        if recipe.id in failed:
            continue
        stage.witness.build_schema([*stage.ddl, *size.build()])
        try:
            took = time_bare(stage, recipe, CASE, RUNS, size.variables)
        except LoopFailed as error:
            failed.add(recipe.id)
            console.print(f"{stage.stack.id}: {recipe.id} left out with {size}: {error.reason}", markup=False, highlight=False)
        else:
            least[recipe.id] = min(took, least.get(recipe.id, took))
    return {recipe: took for recipe, took in least.items() if recipe not in failed}


def compare_sizes(times: Mapping[Size, Mapping[str, float]], recipe: str, control: str) -> Grown:
    """Return, for each thing that grows, the cost at both sizes in multiples of a bare test of the same size."""
    costs = {size: round(found[recipe] / found[control], 2) for size, found in times.items() if recipe in found}
    return {
        what: {str(getattr(USUAL, what)): costs[USUAL], str(getattr(grown, what)): costs[grown]}
        for what, grown in GROWN.items()
        if grown in costs
    }  # fmt: skip


def draw_sizes(stack: Stack, found: Mapping[str, Grown]) -> Table:
    """Return the table of one stack."""
    table = Table(title=f"{stack.id}: multiples of a bare test", box=SIMPLE)
    table.add_column("recipe", no_wrap=True)
    for what, grown in GROWN.items():
        table.add_column(f"{getattr(USUAL, what)} -> {getattr(grown, what)}\n{what}", justify="right")
    for recipe, costs in found.items():
        table.add_row(recipe, *[" -> ".join(f"{cost:.1f}" for cost in costs[what].values()) if what in costs else "" for what in GROWN])
    return table


def keep_sizes(path: Path, stack: Stack, found: Mapping[str, Grown]) -> None:
    """Put figures in the place of those of the same stack's recipes."""
    document: JsonObject = json.loads(path.read_bytes()) if path.is_file() else {"format": FORMAT, "stacks": {}}
    before = document["stacks"].get(stack.id, {}).get("recipes", {})
    about = {"product": stack.database.product, "measured": datetime.now(UTC).date().isoformat(), "recipes": dict(sorted({**before, **found}.items()))}
    document["stacks"] = dict(sorted({**document["stacks"], stack.id: about}.items()))
    write_whole(path, json.dumps(document, indent=1) + "\n", "what sizes cost")
