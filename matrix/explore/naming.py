"""Names why a program differs: it runs once more as a cell does, with the server's log, and the causes are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matrix.explore.operations import Program
from matrix.explore.outcome import Difference
from matrix.explore.process import NUMBERS
from matrix.facts import JsonObject
from matrix.judging.causes import find_cause
from matrix.judging.causes.evidence import Evidence
from matrix.judging.verdicts import ISOLATES, judge
from matrix.plan.contents import Recipe
from matrix.supervisor.child import Child
from matrix.supervisor.childrun import CONFIRMATION, ChildRun
from matrix.supervisor.examination import Examination
from matrix.supervisor.recipe import RecipeProcess
from matrix.supervisor.warm import Starter


@dataclass(frozen=True)
class Named:
    """A difference with its verdict and cause; without a cause nobody knows why yet."""

    difference: Difference
    verdict: str
    cause: str | None
    proof: str
    facts: JsonObject


class ToldProcess(RecipeProcess):
    """Collects a recipe for programs that run as cells."""

    def __init__(self, warm: Starter, recipe: Recipe) -> None:
        super().__init__(warm, recipe, {"task": "explore", "quick": False})
        self._requests: dict[str, JsonObject] = {}

    def add(self, program: Program, expected: Sequence[str]) -> str:
        """Remember a program with what production saw; returns the name of its case."""
        case = f"program[{' '.join(program)}]"
        self._requests[case] = {"case": case, "program": program, "expected": list(expected)}
        return case

    def fork(self, cases: list[str], repeat: int = 1) -> Child:
        """Fork a child that plays the programs of these names."""
        requests = [self._requests[case] | {"prefix": f"p{next(NUMBERS)}-"} for case in cases]
        return self.fork_for({"cases": requests, "repeat": repeat})


def name_differences(exam: Examination, recipe: Recipe, differences: Sequence[Difference]) -> list[Named]:
    """Return each difference with its cause, seen in a fresh child each."""
    named = []
    process = ToldProcess(exam.warm, recipe)
    with process:
        exam.witness.start_statements()
        try:
            for number, difference in enumerate(differences, 1):
                named.append(name_difference(exam, process, difference, number))
        finally:
            exam.witness.stop_statements()
    return named


def name_difference(exam: Examination, process: ToldProcess, difference: Difference, number: int) -> Named:
    """Run one program as a cell and ask for its cause."""
    case = process.add(difference.outcome.program, difference.expected)
    run = ChildRun(exam, process, [case], CONFIRMATION, number)
    run.run()
    judgement = judge(run.cells[0])
    if judgement.verdict == ISOLATES:
        return Named(difference, ISOLATES, None, "a fresh process does not show it", judgement.shown)
    found = find_cause(Evidence(judgement, exam.stack.database.product))
    cause, proof = (found[0].id, found[1].text) if found else (None, "")
    return Named(difference, judgement.verdict, cause, proof, judgement.shown)
