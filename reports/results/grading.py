"""Grade the facts of one stack: a verdict and a cause for every cell, a word for every recipe."""

from dataclasses import dataclass
from statistics import median

from matrix.facts.reading import CellFacts, StackFacts
from matrix.judging.causes import Proof
from matrix.judging.controls import check_controls, find_missing_controls
from matrix.judging.grading import grade_passes
from matrix.judging.verdicts import ISOLATES, LEAKS, Judgement, describe, worst_of
from reports.results.words import Ending, Graded, Word, find_word


@dataclass(frozen=True)
class GradedCell:
    """A cell with its verdict, its leading cause (id) and what proves it."""

    facts: CellFacts
    judgement: Judgement
    cause: str | None
    proof: Proof | None

    @property
    def verdict(self) -> str:
        return self.judgement.verdict

    @property
    def other(self) -> dict | None:
        """The pass that is not shown."""
        passes = [p for p in (self.facts.first, self.facts.confirmation) if p is not None and p is not self.judgement.shown]
        return passes[0] if passes else None

    @property
    def reason(self) -> str:
        return "" if self.verdict == ISOLATES else describe(self.judgement.shown)


@dataclass(frozen=True)
class GradedStack:
    facts: StackFacts
    cells: dict[str, dict[str, GradedCell]]
    words: dict[str, Word]
    problems: tuple[str, ...] = ()


def grade_stack(facts: StackFacts) -> GradedStack:
    """Grade everything that one file of facts says."""
    product = facts.header["stack"]["database"]["product"]
    cells: dict[str, dict[str, GradedCell]] = {}
    for cell in facts.cells:
        cells.setdefault(cell.recipe, {})[cell.case] = grade_cell(cell, product)
    words = {recipe: find_recipe_word(facts, record, cells.get(recipe, {})) for recipe, record in facts.recipes.items()}
    return GradedStack(facts, cells, words, tuple(find_problems(facts)))


def grade_cell(cell: CellFacts, product: str) -> GradedCell:
    return GradedCell(cell, *grade_passes(cell.first, cell.confirmation, product))


def find_recipe_word(facts: StackFacts, record: dict, cells: dict[str, GradedCell]) -> Word:
    levels = facts.header["cases"]
    ending = Ending(bool(record.get("residue")), bool(record.get("endings")))
    graded = [Graded(levels[case]["level"], cell.verdict, worst_of(cell.judgement)) for case, cell in cells.items()]
    return find_word(graded, None if record["applies"] else record["unmet"], ending)


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


def find_cost(cells: dict[str, GradedCell], bare: dict[str, GradedCell]) -> float | None:
    """Median over the cases that ran through under both of the recipe's time to the bare one's, first pass; case by case, since cases differ more."""
    ratios = [
        cells[case].facts.first["duration_s"] / bare[case].facts.first["duration_s"]
        for case in cells.keys() & bare.keys()
        if ran_through(cells[case], bare[case])
    ]
    return round(median(ratios), 3) if ratios else None


def ran_through(*cells: GradedCell) -> bool:
    return all(cell.verdict in (ISOLATES, LEAKS) and cell.facts.first["duration_s"] > 0 for cell in cells)


def count_causes(cells: dict[str, GradedCell]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for cell in cells.values():
        if cell.cause:
            counts[cell.cause] = counts.get(cell.cause, 0) + 1
    return counts
