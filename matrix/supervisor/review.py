"""Cells held against the reviewed baseline while they run: what agrees is known, everything else is confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from matrix.facts import JsonObject
from matrix.judging.controls import is_control
from matrix.judging.verdicts import ISOLATES, RED, judge, judge_pass
from matrix.keeping.choice import Expected, find_agreement
from matrix.keeping.keys import CellKeys
from matrix.supervisor.told import find_told


@dataclass
class Review:
    """What is known of one stack's cells.

    expected: the baseline's verdict and cause by recipe and case; product: postgresql, mysql or mariadb;
    commits: by case, whether production leaves committed work behind.
    """

    run_id: str
    product: str
    expected: Expected = field(default_factory=dict)
    commits: Mapping[str, bool] = field(default_factory=dict)
    keys: CellKeys | None = None
    told: frozenset[str] = field(default_factory=find_told)

    def find_agreement(self, first: JsonObject, confirmation: JsonObject | None = None) -> str:
        """Return what a cell agrees with, of the baseline or of a control's duty; "" when it does not, or nobody has reviewed it."""
        expected = self.expected.get((first["recipe"], first["case"]))
        if expected is None and not is_control(first["recipe"]):
            return ""
        commits = self.commits.get(first["case"].partition("[")[0], True)
        return find_agreement(first, confirmation, None if is_control(first["recipe"]) else expected, self.product, commits)

    def needs_confirmation(self, first: JsonObject, agreement: str) -> bool:
        """Return whether a cell has to run once more: it is red and not known to be, or clean and known not to be."""
        if agreement:
            return False
        return judge_pass(first) in RED or (first["recipe"], first["case"]) in self.expected

    def disagrees(self, first: JsonObject, confirmation: JsonObject | None) -> bool:
        """Return whether a cell's verdict is not the baseline's; one that wavers does when neither pass has it."""
        expected = self.expected.get((first["recipe"], first["case"]))
        judgement = judge(first, confirmation)
        return expected is not None and expected.verdict not in (judgement.verdict, *judgement.passes)

    def stamp_cell(self, cell: JsonObject, agreement: str) -> JsonObject:
        """Return a cell's line as it is stored; what tells it from others comes first, so that a reader need not read the rest."""
        key = self.keys.make_key(cell["recipe"], cell["case"]) if self.keys else ""
        front = {"kind": "cell", "pass": cell["pass"], "recipe": cell["recipe"], "case": cell["case"], "key": key, "run": self.run_id, "agreed": agreement}
        unread = agreement and judge_pass(cell) == ISOLATES and cell["cell"] not in self.told
        return front | cell | ({"timeline": []} if unread else {})  # a clean cell's timeline is shown where a story tells of it

    def stamp_recipe(self, recipe: str, rest: JsonObject) -> JsonObject:
        """Return a recipe's own line as it is stored."""
        return {"kind": "recipe", "recipe": recipe, "key": self.keys.make_key(recipe) if self.keys else "", "run": self.run_id, **rest}
