"""A run of the matrix against the same stacks, recipes and cases by hand, on the same servers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from matrix.bench.by_hand import run_stack_by_hand
from matrix.plan.selection import Plan
from matrix.run.serverpool import ServerPool
from matrix.run.stage import open_stage_on
from matrix.run.workflow import Options, run_stacks_on


@dataclass(frozen=True)
class WholeCost:
    """Wall times in seconds; `left_out` are the cases that would hang for ever by hand."""

    matrix_s: float
    by_hand_s: float
    cells: int
    left_out: list[str]


def compare_whole(plan: Plan, options: Options, console: Console) -> WholeCost:
    """Run once to find what hangs, then the rest in both ways, environments and servers in place."""
    with ServerPool(options.ways) as servers:
        run_stacks_on(servers, plan, options, console)
        hanging = find_hanging(options.directory, plan)
        plan = replace(plan, cases=[case for case in plan.cases if case.id not in hanging])
        matrix_s = run_stacks_on(servers, plan, options, console).wall_s
        started = time.monotonic()
        cells = 0
        for stack in plan.stacks:
            with open_stage_on(servers.take(stack.database), stack) as stage:
                cells += run_stack_by_hand(stage, plan).cells
        return WholeCost(matrix_s, time.monotonic() - started, cells, sorted(hanging))


def find_hanging(directory: Path, plan: Plan) -> set[str]:
    """Return the cases that hung under any recipe, or ended its process: nothing helps with either by hand."""
    hanging = set()
    for stack in plan.stacks:
        for line in (directory / f"{stack.id}.jsonl").read_text().splitlines():
            facts = json.loads(line)
            if facts["kind"] == "cell" and facts.get("ended") in ("hang", "crash"):
                hanging.add(facts["case"])
    return hanging
