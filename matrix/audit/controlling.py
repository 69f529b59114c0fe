"""The control of an examination: no fixture at all, in the project's environment, on the database that is his fixture's next.

Its verdicts are known: every case must pass, and what commits must stay behind. Where that is not so, the environment, the
cases or the witness are not what they should be, and nothing that is said of the fixture counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from matrix.audit.examined import CONTROL, ExaminedFixture
from matrix.audit.learned import Chosen
from matrix.audit.starting import ProjectStarter
from matrix.judging.controls import REAL_COMMITS
from matrix.pasting.projects import write_blank_project
from matrix.plan.contents import Case, Recipe, find_recipes
from matrix.plan.rows import Stack
from matrix.supervisor.cells import examine_recipe
from matrix.supervisor.examination import Examination
from matrix.supervisor.stack import describe_recipe, refuse_misbehaviour

RUNNER = "pytest-asyncio"
SETTINGS = "[pytest]\nasyncio_mode = strict\n"


def find_control(stack: Stack, packages: dict[str, str]) -> Recipe | None:
    """Return the recipe that is the control of a project's kind of driver; None where the environment cannot run it."""
    if stack.asynchronous and RUNNER not in packages:
        return None
    return find_recipes()[f"{'asyncio' if stack.asynchronous else 'plain'}/{REAL_COMMITS}"]


def make_control(recipe: Recipe) -> ExaminedFixture:
    """Return the control as the supervisor sees a recipe."""
    return ExaminedFixture(f"{CONTROL}/{REAL_COMMITS}", CONTROL, recipe.path, recipe.sha256)


def run_control(exam: Examination, control: ExaminedFixture, recipe: Recipe, cases: list[Case], starter: ProjectStarter) -> None:
    """Run the cases through the control in a project of its own and record them. Raises ControlMisbehaved."""
    with open_control(exam.stack, recipe, starter) as own:
        found = examine_recipe(replace(exam, warm=own), control, cases)
    exam.record(exam.review.stamp_recipe(control.id, describe_recipe(found)))
    refuse_misbehaviour(control, found, cases)


@contextmanager
def open_control(stack: Stack, recipe: Recipe, starter: ProjectStarter) -> Iterator[ProjectStarter]:
    """Put the control into a project of its own, in the environment of the project, and give what starts its processes."""
    place = Path(starter.directory) / f"control-{os.urandom(4).hex()}"
    write_blank_project(recipe, stack, place)
    (place / "pytest.ini").write_text(SETTINGS if stack.asynchronous else "[pytest]\n", "utf-8")
    variables = {**starter.own, "DATABASE_URL": starter.variables["MATRIX_DATABASE_URL"]}
    variables |= {name: starter.variables[name] for name in ("MATRIX_DATABASE_URL", "MATRIX_MODE")}
    chosen = Chosen("session", "async_session" if stack.asynchronous else "session", None)
    with ProjectStarter(starter.python, place, variables, {"arguments": [], "tables": True, **chosen.request}) as own:
        yield own
