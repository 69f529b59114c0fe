"""What the repository holds to run: recipes under fixtures/, cases under cases/. Read as text, never imported."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from matrix.plan.headers import Header, read_header, read_recipe_header

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
CASES = ROOT / "cases"
LEVELS = ("essential", "common", "limit")
CONTROLS = ("real_commits", "fresh_database")


class ContentError(ValueError):
    """A recipe or a case that cannot be used; the text names file, line and what is expected."""


@dataclass(frozen=True)
class Recipe:
    """One fixture pattern: one file."""

    id: str
    family: str
    path: Path

    @property
    def is_control(self) -> bool:
        """A control's verdict is known: it examines the instrument."""
        return self.path.stem in CONTROLS

    def takes(self, case: Case) -> bool:
        """Say whether a case is run against it: every one against a recipe of the report."""
        return True

    @property
    def contract(self) -> str:
        """The family whose contract it has: its own, or the one that its family's conftest.py names."""
        return read_contract(self.path.with_name("conftest.py"))

    @cached_property
    def header(self) -> Header:
        """What the recipe and its family need."""
        return read_recipe_header(self.path)

    @cached_property
    def sha256(self) -> str:
        """Hash of the file, byte for byte."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Case:
    """One behaviour of application code: one function."""

    id: str
    theme: str
    level: str
    commits: bool
    needs: tuple[str, ...]
    fixtures: tuple[str, ...]  # what it asks for beside the application
    sha256: str


def find_recipes(folder: Path = FIXTURES) -> dict[str, Recipe]:
    """Return all recipes by id `<family>/<name>`, each family's controls first."""
    paths = sorted(path for path in folder.glob("*/*.py") if path.stem != "conftest")
    recipes = [Recipe(f"{path.parent.name}/{path.stem}", path.parent.name, path) for path in paths]
    recipes.sort(key=lambda recipe: (recipe.family, CONTROLS.index(recipe.path.stem) if recipe.is_control else len(CONTROLS), recipe.id))
    return {recipe.id: recipe for recipe in recipes}


@cache
def read_contract(conftest: Path) -> str:
    """Return the family whose contract, and so whose controls, a family shares."""
    return (read_header(conftest).contract if conftest.is_file() else None) or conftest.parent.name


def find_cases(folder: Path = CASES) -> dict[str, Case]:
    """Return all cases by id, in the order of themes and of the files.

    Raises ContentError for a case without exactly one level or with a name that exists already.
    """
    cases: dict[str, Case] = {}
    for path in sorted(folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source, str(path)).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                case = _read_case(path, node, source)
                if case.id in cases:
                    raise ContentError(f"{path}:{node.lineno}: there is another case {case.id!r}, in theme {cases[case.id].theme!r}")
                cases[case.id] = case
    return cases


def _read_case(path: Path, node: ast.FunctionDef, source: str) -> Case:
    marks = [mark for mark in map(_read_mark, node.decorator_list) if mark]
    levels = [name for name, _ in marks if name in LEVELS]
    if len(levels) != 1:
        raise ContentError(f"{path}:{node.lineno}: case {node.name!r} has levels {levels}, expected exactly one of {', '.join(LEVELS)}")
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    text = "\n".join(source.splitlines()[first - 1 : node.end_lineno])
    return Case(
        id=node.name.removeprefix("test_"),
        theme=path.stem,
        level=levels[0],
        commits=all(name != "commits_nothing" for name, _ in marks),
        needs=tuple(argument for name, arguments in marks if name == "needs" for argument in arguments),
        fixtures=tuple(argument.arg for argument in node.args.args if argument.arg != "app"),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _read_mark(decorator: ast.expr) -> tuple[str, tuple[str, ...]] | None:
    """Return name and text arguments of `@pytest.mark.<name>(...)`."""
    call = decorator if isinstance(decorator, ast.Call) else None
    target = call.func if call else decorator
    if not isinstance(target, ast.Attribute) or not ast.unparse(target).startswith("pytest.mark."):
        return None
    values = (argument.value for argument in (call.args if call else []) if isinstance(argument, ast.Constant))
    return target.attr, tuple(value for value in values if isinstance(value, str))
