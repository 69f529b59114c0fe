"""Complete files: the recipe byte for byte below its wiring, which runs in a user's project; what does not run is found."""

import ast
import builtins
import os
import subprocess
import sys

import pytest

from matrix.pasting import projects
from matrix.pasting.projects import write_blank_project
from matrix.pasting.proof import choose_stacks, prove_complete
from matrix.pasting.sources import find_fixtures, read_source
from matrix.pasting.wiring import MARK, list_asked, write_complete, write_wiring
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_stacks, name_line
from matrix.plan.selection import Selection

RECIPES = find_recipes()
LINES = sorted({name_line(stack.line, stack.mode) for stack in load_stacks().values()})
WIRED = ("plain", "asyncio", "flask", "fastapi")
WAYS = ("embedded", "local", "container")


def read_code(recipe: str) -> str:
    return RECIPES[recipe].path.read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", [recipe.id for recipe in RECIPES.values() if recipe.contract in WIRED])
def test_a_complete_file_is_the_recipe_and_all_that_it_asks_for(recipe):
    code = read_code(recipe)
    fixtures = find_fixtures(ast.parse(code))
    for line in LINES:
        wiring = write_wiring(recipe, code, line)
        assert write_complete(recipe, code, line) == wiring + code
        ast.parse(wiring + code, feature_version=(3, 8))
        assert wiring.count(MARK) <= 1
        assert find_unbound(wiring) == set()
        above = read_source(wiring)
        for definition in above.definitions.values():
            assert set(definition.arguments) <= above.definitions.keys() | fixtures.keys() | {"config", "items"}
        overridden = {name for name, arguments in fixtures.items() if name in arguments}
        assert overridden & set(list_asked(recipe, code, line)) <= find_in_production(wiring)


def find_unbound(text: str) -> set[str]:
    """Names that are used and never bound, and imports that are bound and never used."""
    nodes = list(ast.walk(ast.parse(text)))
    imported = {name for statement in read_source(text).imports for name, _ in statement.bound}
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    return (used - imported - defined - arguments - stored - vars(builtins).keys()) | (imported - used)


def find_in_production(wiring: str) -> set[str]:
    """The fixtures that stand below those of the recipe."""
    classes = [node for node in ast.parse(wiring).body if isinstance(node, ast.ClassDef)]
    return {node.name for found in classes for node in found.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_nothing_more_is_there_than_is_asked_for():
    wiring = write_wiring("plain/create_savepoint", read_code("plain/create_savepoint"), "2.0")
    assert list(read_source(wiring).definitions) == ["database_url", "engine"]
    assert "future=True" not in wiring
    assert "future=True" in write_wiring("plain/create_savepoint", read_code("plain/create_savepoint"), "1.4 future")
    assert list_asked("plain/truncate", read_code("plain/truncate"), "2.0") == ["engine", "metadata", "session_factory"]


def test_a_family_without_wiring_has_no_complete_file():
    assert write_complete("pyramid/restored_rows", read_code("pyramid/restored_rows"), "2.0") is None


def test_every_product_kind_and_line_is_chosen():
    stacks = [stack for stack in load_stacks().values() if stack.promised]
    chosen = choose_stacks(stacks)
    kinds = [{(stack.line, stack.mode, stack.database.product, stack.asynchronous) for stack in found} for found in (stacks, chosen)]
    assert kinds[0] == kinds[1]
    assert len(chosen) < len(stacks)


def test_without_a_database_a_sentence_is_said(tmp_path):
    """Run by the tests' own pytest, which needs no SQLAlchemy for that: a stand-in is there for it."""
    for name in ("sqlalchemy", "models"):
        (tmp_path / f"{name}.py").write_text("create_engine = None\n")
    code = "import pytest\n\n\n@pytest.fixture\ndef session(engine):\n    return engine\n"
    (tmp_path / "conftest.py").write_text(write_complete("plain/create_savepoint", code, "2.0"))
    (tmp_path / "test_it.py").write_text("def test_it(session):\n    pass\n")
    variables = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PYTHONPATH")}
    ended = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "set the environment variable DATABASE_URL" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


CASES = [("sa20-psycopg2-postgresql18", "ideas/savepoint_driver"), ("sa20-asyncpg-postgresql18", "asyncio/template_database")]


@pytest.mark.parametrize(("stack", "recipe"), CASES)
def test_a_complete_file_runs_in_a_users_project(capsys, stack, recipe):
    """Recipes that override a fixture and build on it are the hardest."""
    assert prove_complete(Selection((stack,), (recipe,)), WAYS) == 0, capsys.readouterr().out
    assert "the tests of 2 projects passed on 1 stacks, 0 did not" in capsys.readouterr().out


def test_a_file_that_does_not_run_is_found(capsys, monkeypatch):
    monkeypatch.setattr(projects, "write_complete", lambda recipe, code, line: code)
    assert prove_complete(Selection(("sa20-psycopg2-postgresql18",), ("plain/create_savepoint",)), WAYS) == 1
    said = capsys.readouterr().out
    assert "plain/create_savepoint, complete:" in said
    assert "fixture 'engine' not found" in said
    assert "the tests of 1 projects passed" in said


def test_a_recipe_that_leaks_is_found(capsys, monkeypatch, tmp_path):
    """The projects' tests bite: rows that stay meet the next test."""

    def write_leaking(recipe, stack, folder):
        project = write_blank_project(recipe, stack, folder)
        text = (project / "conftest.py").read_text().replace("await transaction.rollback()", "await transaction.commit()")
        (project / "conftest.py").write_text(text.replace("transaction.rollback()", "transaction.commit()"))
        return project

    monkeypatch.setattr("matrix.pasting.proof.write_blank_project", write_leaking)
    assert prove_complete(Selection(("sa20-psycopg2-postgresql18",), ("plain/create_savepoint",)), WAYS) == 1
    assert "test_a_customer_is_kept[20]" in capsys.readouterr().out
