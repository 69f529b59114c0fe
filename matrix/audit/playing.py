"""Programs instead of cases: every short one runs through the project's own fixture, and must come out as without any.

What production answers is asked of the control, in the same environment and on the same database.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix.audit.controlling import make_control, open_control
from matrix.audit.learned import Chosen
from matrix.audit.mistakes import AuditFailed
from matrix.audit.starting import ProjectStarter
from matrix.disk import write_whole
from matrix.explore.operations import ENGINE, OTHER, PARALLEL, Program
from matrix.explore.oracle import Oracle
from matrix.explore.stack import ExploreJob, StackExplorer
from matrix.explore.workflow import ExploreOptions, choose_programs
from matrix.facts import JsonObject
from matrix.plan.contents import Recipe
from matrix.supervisor.examination import Examination
from matrix.supervisor.job import StackJob

NAME = "programs.json"
#: What a program's steps ask of the application beside its session: by what the fixture must give.
NEEDS = {"engine": ENGINE, "new_session": (*OTHER, *PARALLEL)}
#: A request of an application ends its session in ways of its own, which the control does not have.
PLAYABLE = ("session", "async_session", "scoped_session", "sessionmaker", "async_sessionmaker")
#: Each call has a session of its own there, and one session in the control.
FACTORIES = ("sessionmaker", "async_sessionmaker")


class FixtureExplorer(StackExplorer):
    """Explores a project's fixture: production is the control, in a project of its own."""

    def __init__(self, job: ExploreJob, exam: Examination, control: Recipe, own: ProjectStarter) -> None:
        super().__init__(job, exam)
        self._control, self._own = control, own

    def make_oracle(self, recipe: Recipe) -> Oracle:
        """Return what asks the control."""
        return Oracle(self._control, lambda asked, looks: self.open_player(asked, looks, self._own))


@dataclass(frozen=True)
class Playing:
    """What programs are played on: the examination of a fixture, its control, and what starts the project's processes."""

    job: StackJob
    exam: Examination
    recipe: Recipe
    control: Recipe | None
    chosen: Chosen
    starter: ProjectStarter
    offers: JsonObject


def play_asked(playing: Playing, depth: int | None, on_program: Callable[[], None]) -> JsonObject | None:
    """Play programs of up to `depth` steps where that is asked for, and keep what they came to. Raises AuditFailed where nothing can play them."""
    found = None
    if depth is not None:
        kind = playing.chosen.kind
        if playing.control is None or kind not in PLAYABLE:
            why = f"a fixture that gives {kind.replace('_', ' ')}" if playing.control else "an environment without pytest-asyncio"
            raise AuditFailed(f"--programs: they cannot be played through {why}, only through {', '.join(PLAYABLE).replace('_', ' ')}")
        found = explore_fixture(playing, playing.control, depth, on_program)
    write_programs(playing.job.directory, found)
    return found


def explore_fixture(playing: Playing, control: Recipe, depth: int, on_program: Callable[[], None]) -> JsonObject:
    """Play all programs of up to `depth` steps and random longer ones, and return what differs from production and why."""
    job, exam, recipe = playing.job, playing.exam, playing.recipe
    programs, about = choose_programs(ExploreOptions(1, depth=depth))
    left_out = list_left_out(playing.chosen, playing.offers)
    played = [program for program in programs if not left_out.keys() & set(program)]
    exploring = ExploreJob(
        job.stack, job.python, job.server, [recipe], played, about, job.directory, job.run_id, job.stop, on_program, deadline_s=job.deadline_s
    )
    with open_control(job.stack, control, playing.starter) as own, closing(FixtureExplorer(exploring, exam, make_control(control), own)) as explorer:
        found = explorer.explore(recipe)
    return {"format": 1, **count_played(played, about), "left_out": left_out, **{name: found[name] for name in KEPT}}


KEPT = ("differing", "unnamed", "unsteady", "reasons", "rate")


def list_left_out(chosen: Chosen, offers: JsonObject) -> dict[str, str]:
    """Return by operation why no program with it is played."""
    lacking = {
        operation: f"the fixture gives no {need.replace('_', ' ')}" for need, operations in NEEDS.items() if not offers[need] for operation in operations
    }
    return lacking | ({"next": "each call has a session of its own"} if chosen.kind in FACTORIES else {})


def count_played(played: list[Program], about: JsonObject) -> JsonObject:
    """Return how many programs were played, and which."""
    short = sum(len(program) <= about["depth"] for program in played)
    return {"depth": about["depth"], "short": short, "random": len(played) - short, "seed": about["seed"]}


def write_programs(directory: Path, found: JsonObject | None) -> None:
    """Keep what was found beside the facts of the examination; without anything, remove what an earlier one left."""
    path = directory / NAME
    if found is None:
        path.unlink(missing_ok=True)
        return
    write_whole(path, json.dumps(found, indent=1, ensure_ascii=False) + "\n", "the audit")


def read_programs(directory: Path) -> Any:
    """Return what was found, None when nothing was asked for."""
    path = directory / NAME
    return json.loads(path.read_text("utf-8")) if path.is_file() else None
