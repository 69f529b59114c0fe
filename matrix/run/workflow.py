"""The whole run as a list of steps: plan, servers, environments, stacks in parallel, outcome."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from matrix.disk import DiskFull
from matrix.ending.stop import Stopped, hold
from matrix.environments.building import EnvironmentMissing, prepare_environment
from matrix.facts.writing import forget_results, write_not_run
from matrix.plan.contents import ROOT
from matrix.plan.rows import Stack
from matrix.plan.selection import ORDERS, Plan, Selection, make_plan
from matrix.run.outcome import RunOutcome, write_outcome
from matrix.run.progress import RunProgress
from matrix.run.serverpool import ServerPool
from matrix.servers import WAYS, ServerUnavailable
from matrix.supervisor.failures import ControlMisbehaved, InstrumentBroken, Interrupted
from matrix.supervisor.job import StackJob
from matrix.supervisor.stack import run_stack

DATA = ROOT / "reports" / "data"


@dataclass(frozen=True)
class Options:
    """How a run is to be run."""

    jobs: int
    ways: Sequence[str] = WAYS
    order: str = ORDERS[0]
    directory: Path = DATA


def run_matrix(selection: Selection, jobs: int, ways: Sequence[str] = WAYS, order: str = ORDERS[0]) -> int:
    """Run what is selected and leave facts and outcome on disk; returns 0 when there is something to conclude.

    Raises SelectionError, RowError or ContentError before anything is started.
    """
    plan, console = make_plan(selection), Console(soft_wrap=not sys.stdout.isatty())
    with hold():  # a run that is stopped has an outcome too
        write_outcome(run_stacks(plan, Options(jobs, ways, order), console), DATA)
    return 0


def run_stacks(plan: Plan, options: Options, console: Console) -> RunOutcome:
    """Run the planned stacks in parallel on servers of this run's own; see run_stacks_on."""
    with ServerPool(options.ways) as servers:
        return run_stacks_on(servers, plan, options, console)


def run_stacks_on(servers: ServerPool, plan: Plan, options: Options, console: Console) -> RunOutcome:
    """Run the planned stacks in parallel; every one leaves a facts file or the reason why not."""
    started = time.monotonic()
    stop, run_id = threading.Event(), uuid.uuid4().hex
    outcome = RunOutcome(run_id, [stack.id for stack in plan.stacks])
    for stack in plan.stacks:
        forget_results(options.directory, stack.id)
    with hold(stop), RunProgress(console, len(plan.stacks)) as progress:
        run = Run(plan, options, servers, progress, outcome, stop, run_id)
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(run.run_one, plan.stacks))
    outcome.interrupted = stop.is_set() and not outcome.broken
    outcome.wall_s = time.monotonic() - started
    return outcome


@dataclass
class Run:
    """One run: what all of its stacks share."""

    plan: Plan
    options: Options
    servers: ServerPool
    progress: RunProgress
    outcome: RunOutcome
    stop: threading.Event
    run_id: str

    def run_one(self, stack: Stack) -> None:
        """Run one stack and note how it ended; a broken instrument stops all others."""
        try:
            if self.stop.is_set():
                raise Interrupted
            self._note_ran(stack, run_stack(self._make_job(stack)))
        except EnvironmentMissing as error:
            self._note_not_run(stack, error.reason, error.missing)
        except ServerUnavailable as error:
            self._note_not_run(stack, str(error), stack.database.title)
        except (Interrupted, Stopped):
            self._note_not_run(stack, "the run was stopped before this stack had ended", "")
        except ControlMisbehaved as error:
            self.stop.set()
            self._note_broken(stack, str(error))
        except InstrumentBroken as error:
            self.stop.set()
            self._note_broken(stack, str(error))
        except DiskFull:  # no stack can go on, and the sentence is needed once
            self.stop.set()
            raise
        except Exception as error:  # the server died: this stack has no result, the others go on
            self._note_broken(stack, f"{type(error).__name__}: {error}")

    def _check_room(self, stack: Stack) -> None:
        """A server without room for its data breaks everything: that is to be told, not what broke."""
        try:
            self.servers.take(stack.database).check_room()
        except DiskFull:
            self.stop.set()
            raise
        except (ServerUnavailable, OSError, Stopped):
            pass  # it has gone, and so has its directory

    def _make_job(self, stack: Stack) -> StackJob:
        environment = prepare_environment(stack)
        server = self.servers.take(stack.database)
        recipes = [recipe for recipe in self.plan.recipes if not stack.families or recipe.family in stack.families]
        self.progress.begin_stack(stack.id, len(recipes) * len(self.plan.cases))
        return StackJob(
            stack=stack,
            python=environment.python,
            server=server,
            recipes=recipes,
            cases=self.plan.cases,
            complete=self.plan.complete,
            directory=self.options.directory,
            run_id=self.run_id,
            order=self.options.order,
            stop=self.stop,
            on_cell=lambda cell: self.progress.count_cell(stack.id),
        )

    def _note_ran(self, stack: Stack, seconds: float) -> None:
        self.outcome.ran[stack.id] = {"seconds": seconds}
        self.progress.end_stack(stack.id, f"ran in {seconds:.1f} s")

    def _note_not_run(self, stack: Stack, reason: str, missing: str) -> None:
        self.outcome.not_run[stack.id] = reason
        write_not_run(self.options.directory, stack.id, reason, missing)
        self.progress.end_stack(stack.id, f"not run: {reason}")

    def _note_broken(self, stack: Stack, reason: str) -> None:
        self._check_room(stack)
        self.outcome.broken[stack.id] = reason
        write_not_run(self.options.directory, stack.id, reason, "a working instrument")
        self.progress.end_stack(stack.id, f"INFRASTRUCTURE: {reason}")
