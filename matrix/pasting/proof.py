"""Proof that a complete file runs when it is pasted: as a user would, with plain pytest and nothing of ours on its path.

Whatever could be recommended on a stack, by the reviewed baseline, is pasted into two projects: a blank one gets the complete
file, one with fixtures of its own the recipe alone. Their tests, which write the same rows one after the other, must pass.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from matrix.ending.children import run_child
from matrix.environments.building import EnvironmentMissing
from matrix.judging.baseline import read_baseline
from matrix.judging.changes import Judged
from matrix.judging.verdicts import ISOLATES, NOT_APPLICABLE
from matrix.paste import choose_first
from matrix.pasting.projects import write_blank_project, write_grown_project
from matrix.plan.contents import LEVELS, ROOT, Case, Recipe
from matrix.plan.headers import find_unmet
from matrix.plan.rows import Stack
from matrix.plan.selection import Plan, Selection, make_plan
from matrix.run.serverpool import ServerPool
from matrix.run.stage import Stage, open_stage_on
from matrix.servers import ServerUnavailable
from matrix.servers.directory import open_scratch
from matrix.supervisor.account import NEUTRAL
from matrix.supervisor.restoring import restore_original

BASELINE = ROOT / "reports" / "baseline.json"
PATIENCE = 120.0
TOLD = 25
GREEDY = {"pytest-clean-database": "clean-db"}  # asks every test for something, wherever it is installed: who uses another plugin does not have it


@dataclass
class Tally:
    """What was proven: projects whose tests passed, recipes without a complete file, and what went wrong."""

    passed: int
    alone: set[str]
    problems: list[str]


def prove_complete(selection: Selection, ways: Iterable[str]) -> int:
    """Paste what can be recommended; returns 0 only when something was, and every project's tests passed."""
    plan, console = make_plan(selection), Console(highlight=False, soft_wrap=True)
    if not selection.stacks:
        plan = replace(plan, stacks=choose_stacks(plan.stacks))
    tally, baseline = Tally(0, set(), []), read_baseline(BASELINE) or {}
    with open_scratch() as place, ServerPool(tuple(ways)) as servers:
        for stack in plan.stacks:
            recipes = [recipe for recipe in plan.list_recipes(stack) if keeps_the_essential(stack, recipe, plan.cases, baseline)]
            if recipes:
                before = tally.passed
                prove_stack(stack, recipes, servers, place / stack.id, tally)
                console.print(f"{stack.id}: {len(recipes)} recipes, the tests of {tally.passed - before} projects passed", markup=False)
    return conclude(tally, plan, console)


def conclude(tally: Tally, plan: Plan, console: Console) -> int:
    """Say what was proven and what was not."""
    if tally.alone:
        console.print(f"offered alone, without a complete file: {', '.join(sorted(tally.alone))}", markup=False)
    for problem in tally.problems:
        console.print(problem, markup=False)
    console.print(f"the tests of {tally.passed} projects passed on {len(plan.stacks)} stacks, {len(tally.problems)} did not")
    return 0 if tally.passed and not tally.problems else 1


def choose_stacks(stacks: Iterable[Stack]) -> list[Stack]:
    """Return the first promised stack for each SQLAlchemy line and mode, product, kind of driver and ending of the id."""
    return choose_first(stacks, lambda stack: (stack.line, stack.mode, stack.database.product, stack.asynchronous))


def keeps_the_essential(stack: Stack, recipe: Recipe, cases: Iterable[Case], baseline: Mapping[str, Judged]) -> bool:
    """Say whether every essential case holds here by the reviewed baseline: without that no word recommends a recipe."""
    found = [baseline.get(f"{stack.id}/{recipe.id}/{case.id}") for case in cases if case.level == LEVELS[0]]
    return {cell.verdict for cell in found if cell and cell.verdict != NOT_APPLICABLE} == {ISOLATES}


def prove_stack(stack: Stack, recipes: Iterable[Recipe], servers: ServerPool, place: Path, tally: Tally) -> None:
    """Paste the recipes that apply to a stack, on a server of its product."""
    try:
        with open_stage_on(servers.take(stack.database), stack) as stage:
            for recipe in recipes:
                if not find_unmet(recipe.header, stage.packages, stack, stage.capabilities):
                    prove_recipe(stage, recipe, place / recipe.id, tally)
    except (EnvironmentMissing, ServerUnavailable) as error:
        tally.problems.append(f"{stack.id}: {error}")


def prove_recipe(stage: Stage, recipe: Recipe, place: Path, tally: Tally) -> None:
    """Paste one recipe into both projects, where it has a complete file, and run their tests."""
    blank = write_blank_project(recipe, stage.stack, place / "blank")
    if blank is None:
        tally.alone.add(recipe.id)
        return
    for name, project in (("complete", blank), ("alone", write_grown_project(recipe, stage.stack, place / "grown"))):
        said = run_tests(stage, project, leave_out(recipe))
        tally.passed += said is None
        if said is not None:
            tally.problems.append(f"{stage.stack.id}: {recipe.id}, {name}:\n{said}")


def leave_out(recipe: Recipe) -> list[str]:
    """Return the options of pytest without the plugins that stand in the stack for other recipes."""
    return [f"-pno:{name}" for package, name in GREEDY.items() if package not in recipe.header.dependencies]


def run_tests(stage: Stage, project: Path, options: Iterable[str]) -> str | None:
    """Run plain pytest in a project; returns the end of what it said when tests did not pass, and puts the database in order."""
    original = stage.witness.record_baseline()
    variables = NEUTRAL | {"DATABASE_URL": stage.environment["MATRIX_DATABASE_URL"], "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ended = run_child([stage.python.with_name("pytest"), *options], PATIENCE, capture_output=True, cwd=project, env=variables)
    except subprocess.TimeoutExpired:
        return f"it did not end within {PATIENCE:.0f} s"
    finally:
        restore_original(stage.witness, original, stage.witness.find_residue(original), str(project))
    return None if ended.returncode == 0 else "\n".join(ended.stdout.decode(errors="replace").splitlines()[-TOLD:])
