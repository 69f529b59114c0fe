"""The second look, from inside: a clean cell runs right after itself and after another one, and must end the same way.

Nobody outside sees what never left a transaction, a session or a process that lives longer than a test. The next test in
the same process meets it. So every clean cell runs twice in a row, behind the others, in one child in which nothing is
repaired; where that does not end as it did alone, each cell is looked at by itself to find whose fault it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from matrix.facts import JsonObject
from matrix.judging.verdicts import ISOLATES, describe, judge_pass
from matrix.supervisor.childrun import HELD_KINDS, INSIDE, ChildRun
from matrix.supervisor.examination import Examination
from matrix.supervisor.recipe import RecipeProcess
from matrix.witness import Residue

MET = "met_by_next_test"


def look_inside(exam: Examination, process: RecipeProcess, cells: Sequence[JsonObject]) -> None:
    """Add to the residue of these clean cells (facts of a first pass or a confirmation) what the next test would meet of them."""
    cases = [cell["case"] for cell in cells]
    ran = run_series(exam, process, cases, repeat=2)
    if is_clean(ran, 2 * len(cases)):
        return
    for cell in cells:
        cell["residue"] += [asdict(found) for found in find_met(exam, process, cell["case"], cases)]


def find_met(exam: Examination, process: RecipeProcess, case: str, cases: Sequence[str]) -> list[Residue]:
    """Return what is not as alone when a case runs behind itself, when another runs behind it, and when it runs behind that one.

    The other is the same whatever the order: the first by name that commits.
    """
    other = min((name for name in cases if name != case and exam.review.commits.get(name.partition("[")[0], True)), default=None)
    pairs = [(case, case)] + ([(case, other), (other, case)] if other else [])
    for before, after in pairs:
        ran = run_series(exam, process, [case], repeat=2) if before == after else run_series(exam, process, [before, after])
        if is_clean(ran[:1], 1) and not is_clean(ran, 2):
            return [say_met(before, after, ran[1] if len(ran) > 1 else None)]
    return []


def run_series(exam: Examination, process: RecipeProcess, cases: Sequence[str], repeat: int = 1) -> list[JsonObject]:
    """Return the facts of cases that ran one after the other, each `repeat` times, in a child of their own."""
    run = ChildRun(exam, process, list(cases), INSIDE, repeat=repeat)
    run.run()
    return run.cells


def is_clean(ran: Sequence[JsonObject], count: int) -> bool:
    """Return whether as many cells ran as should have, and none failed or left anything but locks: nobody inside meets its own."""
    return len(ran) == count and all(
        judge_pass({**cell, "residue": [found for found in cell["residue"] if found["kind"] not in HELD_KINDS]}) == ISOLATES for cell in ran
    )


def say_met(before: str, after: str, facts: JsonObject | None) -> Residue:
    """Return the residue of which the next test tells. facts: that test's, None when it could not even run."""
    what = describe(facts) if facts else "the process had to end"
    return Residue(MET, "what only the next test sees", f"{after} right after {'itself' if before == after else before}: {what}", seen_by="inside")
