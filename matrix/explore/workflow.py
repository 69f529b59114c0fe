"""`nox -s explore`: which programs, which stacks, in parallel, with a line for every recipe as it ends.

Exit codes: 0 when everything that was asked for was explored and each difference has a cause; 1 when a difference has
none, production disagreed with itself, or a stack could not be explored; 2 for what was typed wrongly.
"""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from matrix.ending.stop import hold
from matrix.environments.building import EnvironmentMissing, prepare_environment
from matrix.explore.chance import make_random_programs
from matrix.explore.enumeration import enumerate_deeper, enumerate_programs
from matrix.explore.operations import Program
from matrix.explore.stack import ExploreJob, explore_stack
from matrix.explore.telling import say_recipe, tell_reasons
from matrix.facts import JsonObject
from matrix.plan.contents import ROOT, Recipe
from matrix.plan.rows import Stack
from matrix.plan.selection import Selection, SelectionError, make_plan
from matrix.run.progress import RunProgress
from matrix.run.serverpool import ServerPool
from matrix.servers import WAYS, ServerUnavailable
from matrix.supervisor.failures import Interrupted

DATA = ROOT / "reports" / "data" / "explore"
DEPTH, RANDOM, SEED = 3, 200, 1


@dataclass(frozen=True)
class ExploreOptions:
    """How to explore."""

    jobs: int
    ways: Sequence[str] = WAYS
    depth: int = DEPTH
    random: int = RANDOM
    seed: int = SEED
    programs: tuple[Program, ...] = ()
    """These alone, instead of all up to a depth and random ones."""
    directory: Path = DATA


@dataclass
class Exploration:
    """One call of the command: what all of its stacks share."""

    options: ExploreOptions
    programs: list[Program]
    about: JsonObject
    servers: ServerPool
    progress: RunProgress
    console: Console
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    stop: threading.Event = field(default_factory=threading.Event)
    failures: dict[str, str] = field(default_factory=dict)
    found: dict[str, list[JsonObject]] = field(default_factory=dict)

    def run_one(self, work: tuple[Stack, list[Recipe]]) -> None:
        """Explore one stack and say how it ended."""
        stack, recipes = work
        started = time.monotonic()
        try:
            if self.stop.is_set():
                raise Interrupted
            self.found[stack.id] = explore_stack(self._make_job(stack, recipes))
            self.progress.end_stack(stack.id, f"{len(recipes)} recipes, {len(self.programs)} programs, {time.monotonic() - started:.1f} s")
        except Interrupted:
            self._fail(stack, "stopped before it had ended")
        except (EnvironmentMissing, ServerUnavailable) as error:
            self._fail(stack, f"not explored: {error}")
        except Exception as error:  # the server died, the witness is blind: the other stacks go on
            self._fail(stack, f"INFRASTRUCTURE: {type(error).__name__}: {error}")

    def _fail(self, stack: Stack, reason: str) -> None:
        self.failures[stack.id] = reason
        self.progress.end_stack(stack.id, reason)

    def _make_job(self, stack: Stack, recipes: list[Recipe]) -> ExploreJob:
        python = prepare_environment(stack).python
        self.progress.begin_stack(stack.id, len(self.programs) * (len(recipes) + 2))
        return ExploreJob(
            stack=stack,
            python=python,
            server=self.servers.take(stack.database),
            recipes=recipes,
            programs=self.programs,
            about=self.about,
            directory=self.options.directory,
            run_id=self.run_id,
            stop=self.stop,
            on_program=lambda: self.progress.count_cell(stack.id),
            on_recipe=lambda line: self.console.print(say_recipe(stack.id, line), markup=False, soft_wrap=True),
        )


def explore(selection: Selection, options: ExploreOptions) -> int:
    """Explore what is selected and tell what was found; returns the exit code that the module's text explains.

    Raises SelectionError before anything is started.
    """
    works = choose_work(selection)
    programs, about = choose_programs(options)
    console, started = Console(soft_wrap=not sys.stdout.isatty(), highlight=False), time.monotonic()
    console.print(describe_programs(about), markup=False, soft_wrap=True)
    with ServerPool(options.ways) as servers, RunProgress(console, len(works)) as progress:
        exploration = Exploration(options, programs, about, servers, progress, console)
        with hold(exploration.stop), ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(exploration.run_one, works))
    tell_reasons(console, exploration.found)
    seconds = time.monotonic() - started
    console.print(f"explored {len(exploration.found)} of {len(works)} stacks in {seconds:.1f} s; what was found is in {options.directory}", soft_wrap=True)
    return 1 if exploration.failures or any(map(has_question, exploration.found.values())) else 0


def has_question(lines: Sequence[JsonObject]) -> bool:
    """Say whether something is left without an answer: a difference without a cause, an oracle that disagrees with itself."""
    ran = [line for line in lines if line["applies"]]
    return any(line["unsteady"] or line["unnamed"] or any(reason["cause"] is None for reason in line["reasons"]) for line in ran)


def choose_work(selection: Selection) -> list[tuple[Stack, list[Recipe]]]:
    """Return the stacks with the recipes to explore on each; controls only by name, for production is asked anyway.

    Raises SelectionError when a selector selects nothing, or nothing is left to do.
    """
    plan = make_plan(selection)
    works = []
    for stack in plan.stacks:
        recipes = [recipe for recipe in plan.list_recipes(stack) if not recipe.is_control or recipe.id in selection.recipes]
        recipes = [recipe for recipe in recipes if recipe.header.driver in (None, "async" if stack.asynchronous else "sync")]
        works += [(stack, recipes)] if recipes else []
    if not works:
        raise SelectionError("no selected recipe is there for a selected stack")
    return works


def choose_programs(options: ExploreOptions) -> tuple[list[Program], JsonObject]:
    """Return the programs to play, and how they were chosen."""
    if options.programs:
        return list(options.programs), {"depth": None, "short": 0, "random": 0, "seed": None, "chosen": len(options.programs)}
    short = enumerate_programs(options.depth)
    deeper = enumerate_deeper(options.depth)
    drawn = make_random_programs(options.random, options.seed, options.depth) if options.random else []
    longer = list(dict.fromkeys(deeper + drawn))
    return short + longer, {"depth": options.depth, "short": len(short), "random": len(longer), "seed": options.seed, "chosen": 0}


def describe_programs(about: JsonObject) -> str:
    """Return in one line which programs are played."""
    if about["chosen"]:
        return f"{about['chosen']} given programs"
    return f"{about['short']} programs: all of up to {about['depth']} steps; {about['random']} longer ones, all of the core alphabet and random ones, seed {about['seed']}"
