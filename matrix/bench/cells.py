"""The cells of stacks through us and by hand in turn: the same recipes and cases, one process at a time on both sides."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Event

from matrix.bench.by_hand import HandRun, find_hanging_by_hand, run_stack_by_hand
from matrix.bench.comparison import OurRun, Pair, StackCost
from matrix.bench.saying import Saying
from matrix.bench.whole import find_hanging
from matrix.ending import stop
from matrix.environments.building import prepare_environment
from matrix.facts import JsonObject
from matrix.keeping.choice import Work
from matrix.keeping.keys import KeyMaker
from matrix.plan.rows import Stack
from matrix.plan.selection import ORDERS, Plan, Selection, SelectionError, make_plan
from matrix.run.known import Known
from matrix.run.serverpool import ServerPool
from matrix.run.stage import open_stage_on
from matrix.run.workflow import Options, run_stacks_on
from matrix.supervisor.childrun import FIRST
from matrix.supervisor.failures import Interrupted
from matrix.supervisor.job import DEADLINE_S, StackJob
from matrix.supervisor.stack import run_stack

STACKS = (
    "sa20-psycopg2-postgresql18",
    "sa20-pymysql-mysql97",
    "sa20-pymysql-mariadb118",
    "sa20-asyncpg-postgresql18",
    "sa20-aiomysql-mysql97",
    "sa20-psycopg2-postgresql18-flask",
)
# as many as keep a pair near ten seconds: cheap and dear ones, ones that leave nothing and ones that leave much
SHARED = ("create_savepoint", "join_default", "restored_rows", "truncate")
FLASK = ("create_scoped_session", "create_scoped_session_savepoint", "drop_create", "restored_rows")
RECIPES = (*(f"{family}/{name}" for family in ("plain", "asyncio") for name in SHARED), *(f"flask/{name}" for name in FLASK))


@dataclass(frozen=True)
class CellsResult:
    """What was measured; `wall_s` is that of one run of all stacks, `left_out` are the cases that do not end by hand."""

    costs: list[StackCost]
    wall_s: float
    left_out: list[str] = field(default_factory=list)


def plan_cells(stacks: Sequence[str], recipes: Sequence[str]) -> Plan:
    """Return the plan of these globs, or of what is measured without any. Raises SelectionError, also for a stack without a recipe."""
    plan = make_plan(Selection(tuple(stacks) or STACKS, tuple(recipes) or RECIPES))
    for stack in plan.stacks:
        if not plan.list_recipes(stack):
            raise SelectionError(f"none of the recipes is there for {stack.id}; name some with --recipe")
    return plan


def compare_cells(plan: Plan, options: Options, pairs: int, saying: Saying) -> CellsResult:
    """Measure the stacks of the plan in turn, pair after pair, then all of them in one run. Raises what starting them raises."""
    with ServerPool(options.ways) as servers:
        for stack in plan.stacks:  # all is ready before the first second counts
            prepare_environment(stack)
            servers.take(stack.database)
        left_out = find_left_out(servers, plan, options, saying)
        plan = replace(plan, cases=[case for case in plan.cases if case.id not in left_out])
        known = Known(plan, KeyMaker(options.ways, ORDERS[0], DEADLINE_S), options.directory, fresh=True)
        costs = measure_pairs(servers, known, pairs, saying)
        saying.say(f"one run of all stacks, {options.jobs} at a time")
        return CellsResult(costs, time_run(servers, plan, options, saying), sorted(left_out))


def find_left_out(servers: ServerPool, plan: Plan, options: Options, saying: Saying) -> set[str]:
    """Run everything once in both ways, which also warms caches: nothing ends what hangs by hand, so it cannot be compared."""
    saying.say("what hangs is looked for, and caches get warm")
    time_run(servers, plan, options, saying)
    left_out = find_hanging(options.directory, plan)
    for stack in plan.stacks:
        with open_stage_on(servers.take(stack.database), stack) as stage:
            left_out |= find_hanging_by_hand(stage, replace(plan, cases=[case for case in plan.cases if case.id not in left_out]))
    return left_out


def time_run(servers: ServerPool, plan: Plan, options: Options, saying: Saying) -> float:
    """Return the wall time of an ordinary run of the plan that keeps nothing, seconds."""
    outcome = run_stacks_on(servers, plan, options, saying.console)
    if outcome.broken or outcome.not_run:
        raise RuntimeError(f"these stacks cannot be measured: {outcome.broken | outcome.not_run}")
    return outcome.wall_s


def measure_pairs(servers: ServerPool, known: Known, pairs: int, saying: Saying) -> list[StackCost]:
    """Return the costs of the stacks of a plan: ours and by hand in turn, so that a machine that drifts drifts for both."""
    found: dict[str, list[Pair]] = {stack.id: [] for stack in known.plan.stacks}
    for number in range(pairs):
        for stack in known.plan.stacks:
            pair = Pair(run_ours(servers, known, stack), run_by_hand(servers, known.plan, stack))
            if pair.ours.cells != pair.by_hand.cells:
                raise RuntimeError(f"{stack.id}: {pair.ours.cells} cells ran through us and {pair.by_hand.cells} by hand; nothing can be compared")
            found[stack.id].append(pair)
            saying.say(f"pair {number + 1} of {pairs}, {describe_pair(stack.id, pair)}")
    return [StackCost(stack, tuple(measured)) for stack, measured in found.items()]


def describe_pair(stack: str, pair: Pair) -> str:
    """Return one pair in one line."""
    hand = pair.by_hand
    return f"{stack}: ours {pair.ours.whole_s:.1f} s, by hand {hand.own_s:.1f} + {hand.start_s:.1f} s, {pair.own_ratio:.2f} times the tests' own"


def run_by_hand(servers: ServerPool, plan: Plan, stack: Stack) -> HandRun:
    """Run the stack by hand, in a database made for it."""
    with open_stage_on(servers.take(stack.database), stack) as stage:
        run = run_stack_by_hand(stage, plan)
    if run.unended:
        raise RuntimeError(f"{stack.id}: did not end by hand this time: {', '.join(sorted(run.unended))}; nothing can be compared")
    return run


def run_ours(servers: ServerPool, known: Known, stack: Stack) -> OurRun:
    """Run the stack as an ordinary run does, and once more with nothing to run, which is what starting and ending takes."""
    cells: list[str] = []

    def count(cell: JsonObject) -> None:
        if cell["pass"] == FIRST and not cell["unmet"]:
            cells.append(cell["cell"])

    asked = Event()
    job = replace(make_job(servers, known, stack), on_cell=count, stop=asked)
    start_s = time_job(replace(job, work=Work()), asked)
    whole_s = time_job(job, asked)
    return OurRun(len(cells), whole_s, start_s)


def make_job(servers: ServerPool, known: Known, stack: Stack) -> StackJob:
    """Return the work on a stack of a run of which nothing is kept."""
    store, keys, work = known.look(stack)
    return StackJob(
        stack=stack,
        python=prepare_environment(stack).python,
        server=servers.take(stack.database),
        recipes=known.plan.list_recipes(stack),
        cases=known.plan.cases,
        complete=known.plan.complete,
        directory=known.directory,
        run_id="bench",
        expected=known.expectations.get(stack.id, {}),
        keys=keys,
        store=store,
        work=work,
    )


def time_job(job: StackJob, asked: Event) -> float:
    """Return the wall time of a stack's run, seconds; one that is stopped ends in order."""
    with stop.hold(asked):
        started = time.monotonic()
        try:
            run_stack(job)
        except Interrupted:
            stop.check()
            raise
        return time.monotonic() - started
