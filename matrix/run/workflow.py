"""The whole run as a list of steps: plan, servers, environments, stacks in parallel, outcome."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from matrix.disk import DiskFull, name_full_disk
from matrix.ending.stop import Stopped, get_signal, hold
from matrix.environments.building import EnvironmentMissing, prepare_environment
from matrix.facts.writing import forget_reason, write_not_run
from matrix.keeping.carrying import find_oldest, list_runs, rewrite_kept
from matrix.keeping.choice import Work
from matrix.keeping.keys import CellKeys, KeyMaker
from matrix.keeping.store import Store
from matrix.plan.contents import ROOT
from matrix.plan.rows import Stack
from matrix.plan.selection import ORDERS, Plan, Selection, make_plan
from matrix.run.known import Known
from matrix.run.outcome import RunOutcome, StackOutcome, read_rotation, write_outcome
from matrix.run.pace import estimate_rest, order_longest_first
from matrix.run.progress import RunProgress
from matrix.run.serverpool import ServerPool
from matrix.servers import WAYS, ServerUnavailable
from matrix.servers.directory import TEMPORARY, choose_base
from matrix.supervisor.examination import ALL, BLIND, UNKNOWN
from matrix.supervisor.failures import ControlMisbehaved, InstrumentBroken, Interrupted
from matrix.supervisor.header import describe_contents, describe_selection, now
from matrix.supervisor.job import DEADLINE_S, StackJob, StackRun
from matrix.supervisor.stack import run_stack

DATA = ROOT / "reports" / "data"
STOPPED = "the run was stopped before this stack had ended"


@dataclass(frozen=True)
class Options:
    """How a run is to be run."""

    jobs: int
    ways: Sequence[str] = WAYS
    order: str = ORDERS[0]
    directory: Path = DATA
    known: bool = False
    """Whether cells are held against the reviewed baseline and those on disk are kept: what only compares runs does neither."""
    fresh: bool = False
    """Run everything, whatever is on disk."""
    sample: bool = True
    """Run a fiftieth of what is kept all the same."""
    inside: bool = False
    """Look at every clean cell from inside, not only where the outside is blind and at what nobody has reviewed."""


def run_matrix(selection: Selection, options: Options) -> int:
    """Run what is selected and leave facts and outcome on disk; returns 0 when there is something to conclude.

    Raises SelectionError, RowError or ContentError before anything is started.
    """
    plan, console = make_plan(selection), Console(soft_wrap=not sys.stdout.isatty())
    with hold():  # a run that is stopped has an outcome too
        write_outcome(run_stacks(plan, options, console), options.directory)
    return 0


def run_stacks(plan: Plan, options: Options, console: Console) -> RunOutcome:
    """Run the planned stacks in parallel on servers of this run's own; see run_stacks_on."""
    with ServerPool(options.ways) as servers:
        return run_stacks_on(servers, plan, options, console)


def run_stacks_on(servers: ServerPool, plan: Plan, options: Options, console: Console) -> RunOutcome:
    """Run the planned stacks in parallel; every one leaves a facts file or the reason why not."""
    started, stop = time.monotonic(), threading.Event()
    outcome = open_outcome(plan, options.directory)
    known = Known(plan, KeyMaker(options.ways, options.order, DEADLINE_S), options.directory, options.fresh) if options.known else None
    if known and options.sample:
        known.sample(outcome.rotation)
    for stack in plan.stacks:
        forget_reason(options.directory, stack.id)
    with hold(stop), RunProgress(console, len(plan.stacks)) as progress:
        run = Run(plan, options, servers, progress, outcome, stop, known)
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(run.run_one, order_longest_first(plan, known.todo if known else {}, options.directory)))
    outcome.interrupted = stop.is_set() and not outcome.broken
    outcome.wall_s = round(time.monotonic() - started, 3)
    outcome.rest_s = estimate_rest(outcome, known, options.jobs) if known else None
    return outcome


def open_outcome(plan: Plan, directory: Path) -> RunOutcome:
    """Return the outcome of a run of which nothing has ended yet."""
    return RunOutcome(
        run=secrets.token_hex(6),
        started=now(),
        selection=plan.name,
        recipes=None if plan.every_recipe else [recipe.id for recipe in plan.recipes],
        cases=None if plan.every_case else [case.id for case in plan.cases],
        stacks=[stack.id for stack in plan.stacks],
        rotation=read_rotation(directory),
    )


@dataclass
class Run:
    """One run: what all of its stacks share."""

    plan: Plan
    options: Options
    servers: ServerPool
    progress: RunProgress
    outcome: RunOutcome
    stop: threading.Event
    known: Known | None

    def run_one(self, stack: Stack) -> None:
        """Run one stack and note how it ended; a broken instrument stops all others."""
        try:
            if self.stop.is_set():
                raise Interrupted
            with name_full_disk(TEMPORARY, choose_base()):  # what has no name of its own
                self._note_ran(stack, self._run_rest(stack))
        except EnvironmentMissing as error:
            self._note_not_run(stack, error.reason, error.missing)
        except ServerUnavailable as error:
            self._note_not_run(stack, str(error), stack.database.title)
        except (Interrupted, Stopped):
            self._note_not_run(stack, STOPPED, "")
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

    def _run_rest(self, stack: Stack) -> StackRun:
        """Run what is not kept; where nothing is left of that, neither environment nor server is needed."""
        if self.known is None:
            return run_stack(self._make_job(stack, Store(), None, None))
        store, keys, work = self.known.look(stack)
        if work.todo:
            prepare_environment(stack)  # a key names what is there: so it has to be there first
            self.servers.take(stack.database)
            keys = self.known.keys.make_keys(stack)
            return run_stack(self._make_job(stack, store, keys, work))
        self._rewrite(stack, store, work)
        return StackRun(0.0, 0, len(work.kept), find_oldest(work.kept, store))

    def _rewrite(self, stack: Stack, store: Store, work: Work) -> None:
        """Put down anew what is kept, for a run that has another choice of it than the last."""
        recipes = self.plan.list_recipes(stack)
        selection = describe_selection(recipes, self.plan.cases, self.plan.complete)
        if store.header is None or (store.header["selection"] == selection and not store.partial):
            return
        about = describe_contents(recipes, self.plan.cases)
        runs = list_runs(store, work.kept, self.outcome.run, self.outcome.started)
        header = {**store.header, "run": self.outcome.run, "selection": selection, **about, "started": self.outcome.started, "runs": runs}
        rewrite_kept(self.options.directory, stack.id, store, work, self.plan.list_members(stack), header)

    def _make_job(self, stack: Stack, store: Store, keys: CellKeys | None, work: Work | None) -> StackJob:
        environment = prepare_environment(stack)
        server = self.servers.take(stack.database)
        recipes = self.plan.list_recipes(stack)
        self.progress.begin_stack(stack.id, sum(map(len, work.todo.values())) if work else len(recipes) * len(self.plan.cases))
        return StackJob(
            stack=stack,
            python=environment.python,
            server=server,
            recipes=recipes,
            cases=self.plan.cases,
            complete=self.plan.complete,
            directory=self.options.directory,
            run_id=self.outcome.run,
            order=self.options.order,
            stop=self.stop,
            on_cell=lambda cell: self.progress.count_cell(stack.id),
            expected=self.known.expectations.get(stack.id, {}) if self.known else {},
            keys=keys,
            store=store,
            work=work,
            inside=ALL if self.options.inside else UNKNOWN if self.known else BLIND,
        )

    def _note_ran(self, stack: Stack, run: StackRun) -> None:
        self.outcome.ran[stack.id] = StackOutcome(run.seconds, run.ran, run.kept, run.oldest)
        if run.disagreed:
            self.outcome.disagreed[stack.id] = list(run.disagreed)
        kept = f", kept {run.kept} (oldest {run.oldest[:10]})" if run.oldest else ""
        self.progress.end_stack(stack.id, f"ran {run.ran} in {run.seconds:.1f} s{kept}")

    def _note_not_run(self, stack: Stack, reason: str, missing: str) -> None:
        self.outcome.not_run[stack.id] = reason
        write_not_run(self.options.directory, stack.id, reason, missing)
        self.progress.end_stack(stack.id, f"not run: {reason}")

    def _note_broken(self, stack: Stack, reason: str) -> None:
        if get_signal():  # whoever asked for the stop may have told what we started too: nothing of ours is broken
            self._note_not_run(stack, STOPPED, "")
            return
        self._check_room(stack)
        self.outcome.broken[stack.id] = reason
        write_not_run(self.options.directory, stack.id, reason, "a working instrument")
        self.progress.end_stack(stack.id, f"INFRASTRUCTURE: {reason}")
