"""Tables for people: what would run, and what the environments are."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from matrix.environments.building import Environment, EnvironmentFailed, EnvironmentMissing, prepare_environment
from matrix.environments.interpreters import find_interpreter
from matrix.plan.rows import Stack
from matrix.plan.selection import Plan

CONSOLE = Console(highlight=False)


def show_plan(plan: Plan) -> None:
    """Print the stacks, recipes and cases of a plan, and which stacks lack their interpreter here."""
    for stack in plan.stacks:
        here = find_interpreter(stack.python, fetch=False)
        CONSOLE.print(f"{stack.id}: {stack.summary}{'' if here else f' (python{stack.python} is not on this machine)'}", soft_wrap=True)
    for kind, names in (("recipes", [recipe.id for recipe in plan.recipes]), ("cases", [case.id for case in plan.cases])):
        CONSOLE.print(f"\n{len(names)} {kind}: {', '.join(names)}", soft_wrap=True)
    cells = len(plan.stacks) * len(plan.recipes) * len(plan.cases)
    CONSOLE.print(f"\n{len(plan.stacks)} stacks, at most {cells} cells: a recipe that does not apply to a stack has none there", soft_wrap=True)


def show_environments(stacks: Iterable[Stack]) -> int:
    """Build the stacks' environments and print how each went; returns 1 when uv failed for one."""
    failed = False
    for stack in stacks:
        try:
            environment = prepare_environment(stack)
        except EnvironmentMissing as error:
            words = f"not here: {error.reason}"
        except EnvironmentFailed as error:
            failed, words = True, f"FAILED: {error}"
        else:
            words = _describe(environment)
        CONSOLE.print(f"{stack.id}: {words}", markup=False, soft_wrap=True)
    return 1 if failed else 0


def _describe(environment: Environment) -> str:
    built = f", compiled here: {', '.join(environment.built)}" if environment.built else ""
    plain = "" if environment.c_extensions else ", WITHOUT SQLAlchemy's C extensions"
    return f"{environment.seconds:.2f} s{built}{plain}"
