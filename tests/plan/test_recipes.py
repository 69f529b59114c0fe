"""Recipes are what a user pastes: no line of ours, no hook, a header and a source."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from matrix.plan.contents import CONTROLS, FIXTURES, find_recipes, read_contract
from matrix.plan.headers import read_recipe_header

RECIPES = find_recipes()
FAMILIES = sorted({recipe.family for recipe in RECIPES.values()})
OURS = {"matrix", "cases", "reports", "tests", "fixtures", "conftest"}
MAY_OVERRIDE = {"engine", "session_factory", "session"}
every_recipe = pytest.mark.parametrize("path", [recipe.path for recipe in RECIPES.values()], ids=RECIPES)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def list_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import finds nothing in a user's project"
            found.add(node.module.partition(".")[0])
    return found


def list_fixtures(path: Path) -> set[str]:
    functions = (node for node in parse(path).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if any("fixture" in ast.unparse(mark) for mark in node.decorator_list)}


@every_recipe
def test_imports_nothing_of_ours(path):
    assert not list_imports(path) & OURS


@every_recipe
def test_header_declares_what_is_imported(path):
    declared = {re.split(r"[^\w-]", need)[0].lower() for need in read_recipe_header(path).dependencies}
    imported = {name.replace("_", "-").lower() for name in list_imports(path) - sys.stdlib_module_names}
    assert imported <= declared


@every_recipe
def test_has_no_hooks_and_no_marks(path):
    names = {node.name for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert not [name for name in names if name.startswith(("pytest_", "test_"))]
    assert "pytestmark" not in path.read_text(encoding="utf-8")


@every_recipe
def test_docstring_tells_what_when_and_where_from(path):
    doc = ast.get_docstring(parse(path))
    for part in ("What it does: ", "When to use it: ", "Source: "):
        assert re.search("^" + part, doc, re.MULTILINE), part
    assert re.search(r"^https://\S+$", doc, re.MULTILINE)


@every_recipe
def test_fits_on_a_screen(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 50


@pytest.mark.parametrize("family", ["plain", "asyncio"])
def test_overrides_only_what_the_contract_names(family):
    given = list_fixtures(FIXTURES / family / "conftest.py") | list_fixtures(FIXTURES / "conftest.py")
    for recipe in RECIPES.values():
        if recipe.family == family:
            overridden = list_fixtures(recipe.path) & given
            assert overridden <= MAY_OVERRIDE, recipe.id
            assert overridden, recipe.id


@pytest.mark.parametrize("family", FAMILIES)
def test_contract_has_its_controls(family):
    """A family that shares another's contract is vouched for by that one's controls, and has none of its own."""
    contract = read_contract(FIXTURES / family / "conftest.py")
    assert {f"{contract}/{name}" for name in CONTROLS} <= set(RECIPES)
    assert contract == family or not {f"{family}/{name}" for name in CONTROLS} & set(RECIPES)


@pytest.mark.parametrize("family", FAMILIES)
def test_contract_is_the_one_that_the_conftest_imports(family):
    imported = re.findall(r"from fixtures\.(\w+)\.conftest import", (FIXTURES / family / "conftest.py").read_text(encoding="utf-8"))
    assert read_contract(FIXTURES / family / "conftest.py") == (imported[0] if imported else family)


@pytest.mark.parametrize("family", FAMILIES)
def test_readme_lists_the_recipes(family):
    readme = (FIXTURES / family / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Recipes")[2]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(listed) == sorted(recipe.path.stem for recipe in RECIPES.values() if recipe.family == family)
