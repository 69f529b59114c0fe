"""The complete file: the recipe byte for byte, what it needs above it and nothing more, and it runs where nothing else is."""

import ast

import pytest

from matrix.pasting import proving
from matrix.pasting.complete import CHANGE, WIRING, NoWiring, list_names, write_complete
from matrix.pasting.proving import list_offered, prove_complete
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_stacks
from matrix.plan.selection import Selection

RECIPES = {name: recipe for name, recipe in find_recipes().items() if (WIRING / f"{recipe.contract}.py").is_file()}
WAYS = ("embedded", "local", "container")


def read(name):
    return RECIPES[name].path.read_text(encoding="utf-8")


def complete(name, **options):
    return write_complete(read(name), RECIPES[name].contract, **options)


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipe_stands_in_it_byte_for_byte_below_one_line_to_change(name):
    text = complete(name)
    ast.parse(text)
    assert text.endswith("\n\n\n" + read(name))
    assert text.count(CHANGE) == 1


@pytest.mark.parametrize(
    ("name", "fixtures"),
    [
        ("plain/create_savepoint", ["database_url", "engine", "tables"]), ("plain/restored_rows", ["database_url", "engine", "metadata", "tables", "session_factory"]),
        ("plain/bound_factory_savepoint", ["database_url", "engine", "tables", "session"]), ("asyncio/create_savepoint", ["database_url", "engine", "tables"]),
    ],
)  # fmt: skip
def test_only_what_the_recipe_needs_is_above_it(name, fixtures):
    wiring = complete(name).removesuffix(read(name))
    assert [node.name for node in ast.parse(wiring).body if hasattr(node, "name")] == fixtures
    names = {found.id for found in ast.walk(ast.parse(wiring)) if isinstance(found, ast.Name)}
    imported = {alias.name for node in ast.parse(wiring).body if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    assert imported <= names | {"asyncio"}


def test_what_a_project_has_to_have_is_named():
    assert list_names(read("plain/create_savepoint"), "plain") == ["engine"]
    assert list_names(read("plain/restored_rows"), "plain") == ["engine", "metadata", "session_factory"]


def test_a_stack_of_14_that_is_to_be_like_20_says_so_to_engine_and_sessions():
    text = complete("plain/docs_14", future=True).removesuffix(read("plain/docs_14"))
    assert "create_engine(database_url, future=True)" in text and "sessionmaker(bind=engine, future=True)" in text
    assert "future" not in complete("plain/docs_14").removesuffix(read("plain/docs_14"))


def test_a_family_without_wiring_is_told():
    with pytest.raises(NoWiring, match="pyramid"):
        write_complete("", "pyramid")


def test_what_does_not_isolate_is_not_offered():
    stack = load_stacks()["sa20-psycopg2-postgresql18"]
    offered = {recipe.id for recipe in list_offered(stack, list(RECIPES.values()))}
    assert "plain/create_savepoint" in offered and "plain/join_default" not in offered and "plain/real_commits" not in offered


@pytest.mark.parametrize(
    ("stack", "recipe"),
    [
        ("sa13-psycopg2-postgresql18", "plain/docs_13"),
        ("sa20-asyncpg-postgresql18", "asyncio/create_savepoint"),
        ("sa21-pymysql-mysql97", "plain/bound_factory_savepoint"),
    ],
)
def test_it_runs_in_a_blank_project_and_the_recipe_alone_in_one_that_has_its_fixtures(capsys, stack, recipe):
    assert prove_complete(Selection((stack,), (recipe,)), WAYS) == 0, capsys.readouterr().out
    assert "2 projects ran, 0 failed" in capsys.readouterr().out


def test_a_file_that_leaks_or_does_not_run_is_found(capsys, monkeypatch):
    join_default = find_recipes()["plain/join_default"]
    monkeypatch.setattr(proving, "list_offered", lambda stack, recipes: [join_default])
    assert prove_complete(Selection(("sa20-psycopg2-postgresql18",), ("plain/join_default",)), WAYS) == 1
    assert "2 projects ran, 2 failed" in capsys.readouterr().out
