"""The matrix as people write it: one stack after the other, one pytest process for every recipe.

No witness, no proof of a baseline, no timeline: the schema is built anew for every recipe, and pytest's
exit code is all that comes out. Environments and servers are the very same.
"""

from __future__ import annotations

from collections.abc import Sequence

from matrix.ending.children import run_child
from matrix.plan.contents import ROOT, Case
from matrix.plan.headers import find_unmet
from matrix.plan.selection import Plan
from matrix.run.stage import Stage


def run_stack_by_hand(stage: Stage, plan: Plan) -> int:
    """Run every recipe that applies in a pytest process of its own; returns how many cells ran."""
    cells = 0
    cases = [case for case in plan.cases if all(stage.capabilities.get(need, False) for need in case.needs)]
    for recipe in plan.recipes:
        if find_unmet(recipe.header, stage.packages, stage.stack, stage.capabilities):
            continue
        stage.witness.build_schema(stage.ddl)
        command = [str(stage.python), "-m", "pytest", str(recipe.path.relative_to(ROOT)), "-q", *select_cases(cases)]
        run_child(command, cwd=ROOT, env=stage.environment, capture_output=True, timeout=900)
        cells += len(cases)
    return cells


def select_cases(cases: Sequence[Case]) -> list[str]:
    """Return pytest's arguments for the cases."""
    return [argument for case in cases for argument in ("--case", case.id)]
