"""What the repository itself knows: the word of every recipe on every stack, from the reviewed baseline, and what it costs."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from matrix.judging.changes import Judged
from matrix.plan.rows import Stack, name_line
from reports.results.costs import Costs
from reports.results.reviewed import arrange_cells, find_level, list_reviewed
from reports.results.words import Word, find_word

Words = dict[tuple[str, str], Word]  # by stack and recipe


class HeadlineError(Exception):
    """A document has no place for its tables, or they are stale; the text says what to do."""


@dataclass(frozen=True)
class Inputs:
    """baseline: judged cells by id; rows: Stack objects; levels: case id -> level; costs: reviewed ones, by stack and recipe."""

    baseline: Mapping[str, Judged]
    rows: Collection[Stack]
    levels: Mapping[str, str]
    costs: Costs = field(default_factory=dict)

    @cached_property
    def hash(self) -> str:
        cells = {cell: [judged.verdict, judged.cause] for cell, judged in self.baseline.items()}
        rows = sorted([row.id, row.line, row.mode, row.database.product] for row in self.rows)
        text = json.dumps([cells, rows, dict(self.levels), self.costs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def words(self) -> Words:
        return find_words(self)


def find_words(inputs: Inputs) -> Words:
    """Return the word of each reviewed recipe on each stack, computed from its verdicts. Raises HeadlineError for a case that is gone."""
    words = {}
    for stack, recipes in arrange_cells(inputs.baseline).items():
        for recipe, cells in recipes.items():
            gone = next((case for case in cells if find_level(inputs.levels, case) is None), None)
            if gone:
                raise HeadlineError(f"the baseline speaks of case {gone!r}, which cases/ does not have; run `nox -s matrix` and `nox -s accept`")
            words[stack, recipe] = find_word(list_reviewed(inputs.levels, cells))
    return words


def find_columns(rows: Iterable[Stack], products: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Return (product, SQLAlchemy line) -> ids of its stacks, in reading order."""
    order = list(products)
    columns: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.database.product in order:
            columns.setdefault((row.database.product, name_line(row.line, row.mode)), []).append(row.id)
    return dict(sorted(columns.items(), key=lambda item: (order.index(item[0][0]), item[0][1].replace("legacy", "").strip())))
