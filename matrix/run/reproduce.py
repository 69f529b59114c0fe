"""One cell (or a few) by hand: ordinary pytest output first, then what the witness saw."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from rich.console import Console

from matrix.ending import guard
from matrix.plan.contents import ROOT, Case, Recipe
from matrix.plan.headers import find_unmet
from matrix.plan.rows import Stack
from matrix.run.stage import Stage, open_stage
from matrix.supervisor.job import DEADLINE_S
from matrix.witness import Baseline

LOOK_S = 0.2


def reproduce_cells(stack: Stack, recipes: Sequence[Recipe], cases: Sequence[Case], ways: Sequence[str]) -> int:
    """Run the cells in a fresh process per recipe and tell what remained; returns 0 only when all were clean."""
    console = Console(highlight=False)
    with open_stage(stack, ways) as stage:
        console.print(f"{stack.summary}; server {stage.server.version} ({stage.server.way})", markup=False)
        return max(reproduce_recipe(stage, recipe, cases, console) for recipe in recipes)


def reproduce_recipe(stage: Stage, recipe: Recipe, cases: Sequence[Case], console: Console) -> int:
    """Run one recipe's cells; returns 0 when pytest passed and nothing remained."""
    unmet = find_unmet(recipe.header, stage.packages, stage.stack, stage.capabilities)
    if unmet:
        console.print(f"{recipe.id} does not apply here: {unmet}", markup=False)
        return 0
    code = 0
    for case in cases:
        baseline = stage.witness.record_baseline()
        stage.witness.start_statements()
        passed = run_pytest(stage, recipe, case, console)
        clean = tell_what_remained(stage, baseline, console)
        stage.witness.stop_statements()
        code = max(code, 0 if passed and clean else 1)
    return code


def run_pytest(stage: Stage, recipe: Recipe, case: Case, console: Console) -> bool:
    """Run one case in a pytest process of its own; what hangs is ended at the deadline."""
    command = [str(stage.python), "-m", "pytest", str(recipe.path.relative_to(ROOT)), "--case", case.id, "-rA"]
    process = subprocess.Popen(command, cwd=ROOT, env=guard.mark(stage.environment))
    try:
        return wait_or_end(process, stage, console) == 0
    finally:
        process.kill()
        process.wait()


def wait_or_end(process: subprocess.Popen[bytes], stage: Stage, console: Console) -> int:
    """Wait for the process; past the deadline say who waits for whom, then cancel, terminate and kill."""
    deadline = time.monotonic() + 2 * DEADLINE_S
    for end in (stage.witness.cancel, stage.witness.terminate, None):
        while time.monotonic() < deadline:
            try:
                return process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        for wait in stage.witness.find_lock_waits():
            console.print(f"backend {wait.waiter} waits for {list(wait.holders)}: {wait.what}", markup=False)
        if end is None:
            process.kill()
            return process.wait()
        console.print(f"deadline: {end.__name__} all of its statements", markup=False)
        for backend in stage.witness.list_backends():
            end(backend)
        deadline = time.monotonic() + 1.0
    return process.wait()


def tell_what_remained(stage: Stage, baseline: Baseline, console: Console) -> bool:
    """Print the server's own statement log and the residue, repair it; returns whether there was none."""
    console.rule("what reached the server")
    for statement in stage.witness.read_statements():
        console.print(f"[{statement.backend}] {' '.join(statement.text.split())}", markup=False, soft_wrap=True)
    residue = stage.witness.find_residue(baseline)
    console.rule("what the witness saw afterwards")
    for found in residue:
        console.print(f"{found.kind.replace('_', ' ')}: {found.object} ({found.detail})", markup=False)
    for found in stage.witness.find_drift(baseline):
        console.print(f"not residue: {found.kind.replace('_', ' ')}: {found.object} ({found.detail})", markup=False)
    if not residue:
        console.print("nothing: the database is what it was")
        return True
    stage.witness.repair(baseline, residue)
    return False
