"""`nox -s paste`, second part: every complete file that can be offered runs in a blank project, and the recipe alone in an equipped one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from matrix.judging.baseline import read_baseline
from matrix.judging.changes import split_cell
from matrix.judging.verdicts import ISOLATES, NOT_APPLICABLE
from matrix.paste import choose_stacks
from matrix.pasting.blank import Proof, run_pytest, write_alone, write_equipped
from matrix.pasting.complete import WIRING
from matrix.plan.contents import ROOT, Recipe, find_cases
from matrix.plan.rows import Stack
from matrix.plan.selection import Selection, make_plan
from matrix.run.stage import Stage, open_stage
from matrix.servers.directory import open_scratch

BASELINE = ROOT / "reports" / "baseline.json"


def prove_complete(selection: Selection, ways: Sequence[str]) -> int:
    """Run what is offered of the selected recipes in blank projects; returns 0 only when all pass, and some ran.

    Without a choice of stacks one runs for each SQLAlchemy line and kind of application.
    """
    plan = make_plan(selection)
    if not selection.stacks:
        plan = replace(plan, stacks=choose_stacks(plan.stacks))
    console, ran, failed = Console(highlight=False), 0, 0
    with open_scratch() as place:
        for stack in plan.stacks:
            recipes = list_offered(stack, plan.list_recipes(stack))
            if not recipes:
                continue
            with open_stage(stack, ways) as stage:
                proofs = {f"{recipe.id} {kind}": proof for recipe in recipes for kind, proof in prove_recipe(stage, recipe, place / stack.id).items()}
            ran, failed = ran + len(proofs), failed + tell_proofs(console, stack, proofs)
    console.print(f"{ran} projects ran, {failed} failed")
    return 1 if failed or not ran else 0


def list_offered(stack: Stack, recipes: Sequence[Recipe]) -> list[Recipe]:
    """Return the recipes that have a wiring and of which every essential case holds on the stack, as last reviewed."""
    levels = {case.id: case.level for case in find_cases().values()}
    essential: dict[str, list[str]] = {}
    for cell, judged in (read_baseline(BASELINE) or {}).items():
        where, recipe, case = split_cell(cell)
        if where == stack.id and levels.get(case) == "essential" and judged.verdict != NOT_APPLICABLE:
            essential.setdefault(recipe, []).append(judged.verdict)
    return [
        recipe for recipe in recipes
        if not recipe.is_control and (WIRING / f"{recipe.contract}.py").is_file() and set(essential.get(recipe.id, ["unknown"])) == {ISOLATES}
    ]  # fmt: skip


def prove_recipe(stage: Stage, recipe: Recipe, place: Path) -> dict[str, Proof]:
    """Run both projects of a recipe, each on an empty database."""
    asynchronous, future = stage.stack.asynchronous, stage.stack.mode == "future" and stage.stack.line == "1.4"
    folder, proofs = place / recipe.family / recipe.path.stem, {}
    write_alone(folder / "alone", recipe, asynchronous, future)
    write_equipped(folder / "equipped", recipe, asynchronous)
    for kind in ("alone", "equipped"):
        stage.witness.build_schema([])
        proofs[kind] = run_pytest(stage.python, folder / kind, stage.environment["MATRIX_DATABASE_URL"])
    return proofs


def tell_proofs(console: Console, stack: Stack, proofs: dict[str, Proof]) -> int:
    """Print how the projects of a stack ended; returns how many failed."""
    failed = {name: proof for name, proof in proofs.items() if not proof.passed}
    console.print(f"{stack.id}: {len(proofs) - len(failed)} of {len(proofs)} projects passed", markup=False)
    for name, proof in failed.items():
        console.print(f"{stack.id} {name}:\n{proof.text}", markup=False, soft_wrap=True)
    return len(failed)
