"""Grade the facts of one stack: a verdict and a cause for every cell, a word for every recipe."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median

from matrix.facts import JsonObject
from matrix.facts.reading import CellFacts, StackFacts
from matrix.judging.causes.marks import Proof
from matrix.judging.controls import check_controls, find_missing_controls
from matrix.judging.grading import grade_passes
from matrix.judging.proving import find_untrue
from matrix.judging.verdicts import ISOLATES, LEAKS, RED, Judgement, describe, worst_of
from reports.results.scope import Scope, limit_facts, scope_of_header
from reports.results.words import Ending, Graded, Word, find_word

#: The first cell of a child also pays for what its wider fixtures set up: that is no cost of a test.
FIRST = 1


@dataclass(frozen=True)
class Seen:
    """What a verdict rests on: the facts, how they were judged, and what proves the cause."""

    facts: CellFacts
    judgement: Judgement
    proof: Proof | None

    @property
    def other(self) -> JsonObject | None:
        """The pass that is not shown."""
        passes = [p for p in (self.facts.first, self.facts.confirmation) if p is not None and p is not self.judgement.shown]
        return passes[0] if passes else None


@dataclass(slots=True)
class GradedCell:
    """A cell with its verdict and its leading cause (id). `worst` is what a word reckons with; `run` is the run that ran it.

    drift: a sequence went on; process: the process was left dirty. cost_s: processor time and the price of its round trips,
    None when that is not known. seen: None once the facts were let go of.
    """

    id: str
    recipe: str
    case: str
    run: str
    verdict: str
    cause: str | None
    reason: str
    worst: str
    passes: tuple[str, ...]
    cost_s: float | None
    drift: bool
    process: bool
    seen: Seen | None = None

    @property
    def red(self) -> bool:
        return self.verdict in RED


@dataclass(frozen=True)
class GradedStack:
    facts: StackFacts
    cells: dict[str, dict[str, GradedCell]]
    words: dict[str, Word]
    problems: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)

    @property
    def count(self) -> int:
        return sum(map(len, self.cells.values()))

    def find_start(self, run: str) -> str:
        """Return when a run began whose cells are here."""
        header = self.facts.header
        started: str = header.get("runs", {}).get(run) or header["started"]
        return started

    def list_kept(self, run: str) -> list[GradedCell]:
        """Return the cells that an earlier run ran, whichever it was."""
        return [cell for by_case in self.cells.values() for cell in by_case.values() if cell.run != run]


def grade_stack(facts: StackFacts, scope: Scope | None = None) -> GradedStack:
    """Grade what one file of facts says within the scope of a run; None: of the run that the file says it is of."""
    scope = scope or scope_of_header(facts.header)
    facts = limit_facts(facts, scope)
    product = facts.header["stack"]["database"]["product"]
    cells: dict[str, dict[str, GradedCell]] = {}
    for cell in facts.cells:
        cells.setdefault(cell.recipe, {})[cell.case] = grade_cell(cell, product, facts.run, facts.header.get("prices", {}), commits_something(facts, cell.case))
    words = {recipe: find_recipe_word(facts, record, cells.get(recipe, {})) for recipe, record in facts.recipes.items()}
    return GradedStack(facts, cells, words, (*find_problems(facts), *find_untrue_causes(facts, cells)), scope)


def commits_something(facts: StackFacts, case: str) -> bool:
    """Return whether the application commits anything in a case, by the case's own mark when it ran."""
    return bool(facts.header["cases"][case].get("commits", True))


def grade_cell(cell: CellFacts, product: str, run: str, prices: dict[str, float], commits: bool = True) -> GradedCell:
    """Judge one cell.

    run: whose it is when its own line does not say so; prices: of the stack's server, by kind of round trip; commits: whether
    the application commits anything in the case.
    """
    judgement, cause, proof = grade_passes(cell.first, cell.confirmation, product, commits)
    shown = judgement.shown
    return GradedCell(
        id=cell.id, recipe=cell.recipe, case=cell.case, run=cell.first.get("run", run), verdict=judgement.verdict,
        cause=cause, reason="" if judgement.verdict == ISOLATES else describe(shown),
        worst=worst_of(judgement), passes=judgement.passes, cost_s=None if cell.first.get("position") == FIRST else price_work(cell.first.get("work"), prices),
        drift=bool(shown.get("drift")), process=bool(shown.get("process")), seen=Seen(cell, judgement, proof),
    )  # fmt: skip


def let_go(stack: GradedStack) -> GradedStack:
    """Return the stack without its facts, which are large: what the results are made of."""
    for by_case in stack.cells.values():
        for cell in by_case.values():
            cell.seen = None
    return replace(stack, facts=replace(stack.facts, cells=()))


def find_recipe_word(facts: StackFacts, record: JsonObject, cells: dict[str, GradedCell]) -> Word:
    return find_word(list_graded(facts, cells), None if record["applies"] else record["unmet"], find_ending(record))


def list_graded(facts: StackFacts, cells: dict[str, GradedCell]) -> list[Graded]:
    """Return a recipe's cells as a word sees them."""
    levels = facts.header["cases"]
    return [Graded(levels[case]["level"], cell.verdict, cell.worst) for case, cell in cells.items()]


def find_ending(record: JsonObject) -> Ending:
    return Ending(bool(record.get("residue")), bool(record.get("endings")))


def find_problems(facts: StackFacts) -> list[str]:
    """Return what makes the verdicts of this stack untrustworthy: its own notes, and controls that misbehave."""
    lines = [line for cell in facts.cells for line in (cell.first, cell.confirmation) if line]
    problems = list(facts.footer["problems"])
    problems += [problem for problem in check_controls(lines, facts.header["cases"]) if problem not in problems]
    if facts.header["selection"]["complete"]:
        problems += [f"{facts.stack}: control {recipe} has no cells" for recipe in find_missing_controls(facts.recipes, facts.header.get("contracts"))]
    if facts.footer["controls"] == "misbehaved" and not problems:
        problems.append(f"{facts.stack}: the run says that its controls misbehaved")
    return problems


def find_untrue_causes(facts: StackFacts, cells: dict[str, dict[str, GradedCell]]) -> list[str]:
    """Return the cells whose leading cause claims what they do not have: then a rule is wrong, and the report with it."""
    found = []
    for cell in (cell for by_case in cells.values() for cell in by_case.values()):
        if cell.cause is None or cell.seen is None:
            continue
        if why := find_untrue(cell.cause, cell.seen.proof, cell.seen.judgement.shown, cell.seen.other, commits_something(facts, cell.case)):
            found.append(f"{cell.id}: explained by {cell.cause}, but {why}")
    return found


def price_work(work: JsonObject | None, prices: dict[str, float]) -> float | None:
    """Return what a pass cost (seconds): its processor time, and each of its round trips at the server's price."""
    if work is None or work["counts"].keys() - prices.keys():
        return None
    cost: float = work["cpu_s"] + sum(count * prices[kind] for kind, count in work["counts"].items())
    return cost


def find_cost(cells: dict[str, GradedCell], bare: dict[str, GradedCell]) -> float | None:
    """Median of the recipe's cost to the bare one's over the cases that ran through under both, case by case, since cases differ more."""
    own, other = list_costs(cells), list_costs(bare)
    ratios = [own[case] / other[case] for case in own.keys() & other.keys()]
    return round(median(ratios), 3) if ratios else None


def list_costs(cells: dict[str, GradedCell]) -> dict[str, float]:
    """Return what each case cost that ended as tests do: what hangs or fails says nothing of what a test costs."""
    return {case: cell.cost_s for case, cell in cells.items() if cell.cost_s and cell.verdict in (ISOLATES, LEAKS)}


def count_causes(cells: dict[str, GradedCell]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for cell in cells.values():
        if cell.cause:
            counts[cell.cause] = counts.get(cell.cause, 0) + 1
    return counts
