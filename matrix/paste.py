"""Proof by pasting: a recipe as the conftest.py of a small project with ordinary tests means the same.

The same supervisor runs every recipe twice, as a module of its family and pasted, byte for byte,
into a project; then the verdicts of all cells are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from matrix.facts.reading import load_stack
from matrix.judging.verdicts import judge
from matrix.plan.contents import CASES, Recipe
from matrix.plan.headers import Header
from matrix.plan.rows import Stack
from matrix.plan.selection import Plan, Selection, make_plan
from matrix.run.workflow import Options, run_stacks
from matrix.servers.directory import open_scratch

DATABASE = '''"""The project's database."""
import os

import pytest


@pytest.fixture(scope="session")
def database_url():
    return os.environ["MATRIX_DATABASE_URL"]
'''
SETTINGS = """[pytest]
markers =
    essential
    common
    limit
    commits_nothing
    needs
"""
ADAPTED = '''"""Ordinary tests, adapted to the application's event loop by its own conftest.py."""
import importlib.util
import pathlib

from cases import {theme}

spec = importlib.util.spec_from_file_location("wiring", str(pathlib.Path(__file__).parents[1] / "conftest.py"))
wiring = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wiring)

for name, test in list(vars({theme}).items()):
    if name.startswith("test_"):
        globals()[name] = wiring.adapt_case(test)
'''


@dataclass(frozen=True)
class PastedRecipe(Recipe):
    """A recipe as a project's conftest.py; `path` is the folder of the project's tests."""

    original: Recipe

    @property
    def is_control(self) -> bool:
        """What it is does not change with where it is."""
        return self.original.is_control

    @property
    def header(self) -> Header:
        """What it needs does not change either."""
        return self.original.header

    @property
    def sha256(self) -> str:
        """Hash of the pasted text, which is the recipe's."""
        return self.original.sha256


def prove_pasting(selection: Selection, jobs: int, ways: Sequence[str]) -> int:
    """Run the selected recipes both ways and compare; returns 0 only when every verdict is the same.

    Without a choice of stacks one runs for each SQLAlchemy line and kind of application.
    """
    plan = make_plan(selection)
    if not selection.stacks:
        plan = replace(plan, stacks=choose_stacks(plan.stacks))
    console = Console(highlight=False)
    with open_scratch() as place:
        pasted = replace(plan, recipes=[paste_recipe(recipe, place / "projects") for recipe in plan.recipes])
        problems = run_both(plan, pasted, place, Options(jobs, ways), console)
    for problem in problems:
        console.print(problem, markup=False, soft_wrap=True)
    return 1 if problems else 0


def choose_stacks(stacks: Iterable[Stack]) -> list[Stack]:
    """Return the first promised stack for each SQLAlchemy line, kind of driver and ending of the id."""
    return choose_first(stacks, lambda stack: (stack.line, stack.asynchronous))


def choose_first(stacks: Iterable[Stack], tell: Callable[[Stack], Hashable]) -> list[Stack]:
    """Return the first promised stack for each kind that is told of it, and ending of the id."""
    chosen: dict[Hashable, Stack] = {}
    for stack in stacks:
        if stack.promised:
            chosen.setdefault((tell(stack), stack.id.partition(stack.database.id)[2]), stack)
    return list(chosen.values())


def paste_recipe(recipe: Recipe, folder: Path) -> PastedRecipe:
    """Build a project around a recipe: the application's wiring, the recipe as conftest.py of the tests, ordinary tests."""
    project = folder / recipe.family / recipe.path.stem
    tests = project / "shop" / "tests"
    tests.mkdir(parents=True)
    wiring = recipe.path.with_name("conftest.py").read_bytes()
    (project / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    (project / "conftest.py").write_text(DATABASE, encoding="utf-8")
    (project / "shop" / "conftest.py").write_bytes(wiring)
    (tests / "conftest.py").write_bytes(recipe.path.read_bytes())
    for theme in CASES.glob("*.py"):
        if theme.stem not in ("__init__", "sample"):
            text = ADAPTED.format(theme=theme.stem) if b"\nadapt_case" in wiring else theme.read_text(encoding="utf-8")
            (tests / f"test_{theme.name}").write_text(text, encoding="utf-8")
    return PastedRecipe(recipe.id, recipe.family, tests, recipe)


def run_both(plan: Plan, pasted: Plan, place: Path, options: Options, console: Console) -> list[str]:
    """Run both plans and return what is not the same, one sentence each."""
    problems: list[str] = []
    found: list[dict[str, str]] = []
    for name, part in (("module", plan), ("conftest.py", pasted)):
        console.print(f"every recipe as a {name}:")
        directory = place / name
        outcome = run_stacks(part, replace(options, directory=directory), console)
        problems += [f"{stack}: {reason}" for stack, reason in (outcome.broken | outcome.not_run).items()]
        found.append({cell: verdict for stack in outcome.ran for cell, verdict in read_verdicts(directory / f"{stack}.jsonl")})
    as_module, as_conftest = found
    for cell in sorted(as_module.keys() | as_conftest.keys()):
        verdicts = as_module.get(cell, "no result"), as_conftest.get(cell, "no result")
        if verdicts[0] != verdicts[1]:
            problems.append(f"{cell}: {verdicts[0]} as a module, {verdicts[1]} as a conftest.py")
    console.print(f"{len(as_module)} cells compared on {len(plan.stacks)} stacks")
    return problems if as_module else [*problems, "nothing was compared"]


def read_verdicts(path: Path) -> list[tuple[str, str]]:
    """Return the verdict of every cell in a file of facts."""
    return [(cell.id, judge(cell.first, cell.confirmation).verdict) for cell in load_stack(path).cells]
