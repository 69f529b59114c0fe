"""What a test costs with more tables, rows and connections: measured on a real server, kept stack by stack."""

import json

import pytest

from matrix.bench import sizes
from matrix.bench.sizes import GROWN, USUAL, Size, compare_sizes, keep_sizes, measure_stack
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_stacks

STACK = load_stacks()["sa20-psycopg2-postgresql18"]


def test_a_size_is_made_of_statements_that_every_dialect_takes():
    made = list(Size(tables=2, rows=2500).build())
    assert [text.split(" (")[0] for text in made] == ["CREATE TABLE sized_0", "CREATE TABLE sized_1"] + ["INSERT INTO sized_0"] * 3
    assert sum(text.count("'row ") for text in made) == 2500


def test_a_cost_is_a_multiple_of_the_bare_test_of_the_same_size():
    times = {USUAL: {"a": 0.02, "bare": 0.01}, GROWN["tables"]: {"a": 0.09, "bare": 0.02}}
    assert compare_sizes(times, "a", "bare") == {"tables": {"20": 2.0, "200": 4.5}}


def test_figures_of_other_recipes_and_stacks_are_kept(tmp_path):
    path = tmp_path / "sizes.json"
    keep_sizes(path, STACK, {"plain/a": {"rows": {"100": 1.0}}})
    keep_sizes(path, STACK, {"plain/b": {"rows": {"100": 2.0}}})
    keep_sizes(path, load_stacks()["sa20-pymysql-mysql97"], {"plain/a": {"rows": {"100": 3.0}}})
    stacks = json.loads(path.read_text())["stacks"]
    assert {stack: list(found["recipes"]) for stack, found in stacks.items()} == {STACK.id: ["plain/a", "plain/b"], "sa20-pymysql-mysql97": ["plain/a"]}
    assert stacks[STACK.id]["product"] == "postgresql"


def test_what_goes_through_all_tables_grows_with_them_and_what_rolls_back_does_not(monkeypatch, terminal):
    monkeypatch.setattr(sizes, "GROWN", {"tables": GROWN["tables"], "connections": GROWN["connections"]})
    monkeypatch.setattr(sizes, "RUNS", 8)
    recipes = [find_recipes()[name] for name in ("plain/create_savepoint", "plain/drop_create")]
    found = measure_stack(STACK, recipes, ("embedded", "local", "container"), terminal)
    growth = {recipe: many / few for recipe, costs in found.items() for few, many in [costs["tables"].values()]}
    assert growth["plain/drop_create"] > 2 * growth["plain/create_savepoint"], found  # nine times against once, where nobody disturbs
    assert set(found["plain/create_savepoint"]) == {"tables", "connections"}


@pytest.fixture
def terminal():
    from rich.console import Console

    return Console(width=200)
