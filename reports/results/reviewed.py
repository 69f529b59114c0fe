"""What the reviewed baseline says where a run has nothing to say: cells and words of rows, recipes and cases that did not run.

None of it counts as run. It is shown, marked and dated, so that a run of a part leaves a whole report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matrix.judging.changes import Judged, split_cell
from matrix.judging.verdicts import BREAKS, FLAKY
from reports.results.grading import GradedStack, find_ending, list_graded
from reports.results.words import Graded, Word, find_word

# stack -> recipe -> case -> what was reviewed
Cells = dict[str, dict[str, dict[str, Judged]]]


@dataclass(frozen=True)
class Reviewed:
    """date: of the review, ISO 8601, None when the baseline does not say; levels: of the cases that exist."""

    date: str | None = None
    cells: Cells = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipes(self) -> frozenset[str]:
        """Recipes that some stack has reviewed cells of: on other stacks, they do not apply."""
        return frozenset(recipe for by_recipe in self.cells.values() for recipe in by_recipe)


def find_reviewed(baseline: Mapping[str, Judged], date: str | None, levels: Mapping[str, str], recipes: Iterable[str]) -> Reviewed:
    """Return the baseline's cells of recipes and cases that exist; levels: of all cases, by id."""
    cells, known = arrange_cells(baseline), frozenset(recipes)
    found = {
        stack: {
            recipe: {case: judged for case, judged in by_case.items() if find_level(levels, case)} for recipe, by_case in by_recipe.items() if recipe in known
        }
        for stack, by_recipe in cells.items()
    }
    return Reviewed(date, found, levels)


def arrange_cells(baseline: Mapping[str, Judged]) -> Cells:
    cells: Cells = {}
    for cell, judged in baseline.items():
        stack, recipe, case = split_cell(cell)
        cells.setdefault(stack, {}).setdefault(recipe, {})[case] = judged
    return cells


def find_level(levels: Mapping[str, str], case: str) -> str | None:
    """A parametrised case has the level of its function."""
    return levels.get(case) or levels.get(case.partition("[")[0])


def list_reviewed(levels: Mapping[str, str], cells: Mapping[str, Judged]) -> list[Graded]:
    """Return reviewed cells of one recipe as a word sees them."""
    return [
        Graded(level, judged.verdict, BREAKS if judged.verdict == FLAKY else judged.verdict)
        for case, judged in cells.items()
        if (level := find_level(levels, case))
    ]


def fill_cells(reviewed: Reviewed, stack: str, graded: GradedStack | None) -> dict[str, dict[str, Judged]]:
    """Return the reviewed cells that the run did not have. What the run found not to apply stays that way."""
    found = {}
    for recipe, by_case in reviewed.cells.get(stack, {}).items():
        record = graded.facts.recipes.get(recipe) if graded else None
        own = graded.cells.get(recipe, {}) if graded else {}
        rest = {case: judged for case, judged in by_case.items() if case not in own}
        if rest and (record is None or record["applies"]):
            found[recipe] = rest
    return found


def find_filled_word(reviewed: Reviewed, graded: GradedStack | None, recipe: str, filled: Mapping[str, Judged]) -> Word:
    """Return a recipe's word over what ran and what was reviewed."""
    cells = list_reviewed(reviewed.levels, filled)
    record = graded.facts.recipes.get(recipe) if graded else None
    if graded is None or record is None:
        return find_word(cells)
    return find_word(list_graded(graded.facts, graded.cells.get(recipe, {})) + cells, ending=find_ending(record))
