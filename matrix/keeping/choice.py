"""What of a stack's planned cells has to run, and what is kept: only what was judged, reviewed, and is still true."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from matrix.facts import JsonObject
from matrix.judging.changes import Judged
from matrix.judging.controls import find_misbehaviour
from matrix.judging.grading import grade_shortly
from matrix.judging.verdicts import CRASHES, FLAKY, INFRASTRUCTURE, NOT_RUN
from matrix.keeping.inputs import hash_files, hash_texts, list_sources
from matrix.keeping.keys import CellKeys
from matrix.keeping.store import Store, StoredCell
from matrix.plan.contents import Case, Recipe

# A hang is kept when the server's lock views proved who waits for whom; one that was ended by the deadline proves nothing.
UNCERTAIN = (FLAKY, CRASHES, INFRASTRUCTURE, NOT_RUN)
JUDGING = ("matrix/judging",)
DOES_NOT_APPLY = b'"applies":false'
Expected = Mapping[tuple[str, str], Judged]


@dataclass
class Work:
    """What has to run on a stack, by recipe id, and the recipes and cells whose lines on disk are kept."""

    todo: dict[str, list[Case]] = field(default_factory=dict)
    kept: list[StoredCell] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)  # of the kept cells and of recipes that are kept whole
    sampled: frozenset[str] = frozenset()  # recipes that run again though all of their cells could be kept


@dataclass(frozen=True)
class Chooser:
    """Chooses for one stack. expected: the reviewed verdict and cause of its cells, by recipe and case."""

    store: Store
    keys: CellKeys
    expected: Expected
    product: str
    commits: Mapping[str, bool]  # by case, whether production leaves committed work behind

    def choose(self, recipes: Iterable[Recipe], cases: Collection[Case], sampled: Collection[str] = ()) -> Work:
        """Return what has to run and what is kept of these recipes and cases. sampled: recipes of which nothing is kept this time."""
        work = Work(sampled=frozenset(sampled))
        for recipe in recipes:
            wanted = [case for case in cases if recipe.takes(case)]
            todo = wanted if recipe.id in work.sampled else self.find_missing(recipe, wanted)
            if todo:
                work.todo[recipe.id] = todo
            else:
                work.lines.append(self.store.recipes[recipe.id][2])
            for case in wanted:
                if case not in todo and (cell := self.store.cells.get((recipe.id, case.id))):
                    work.kept.append(cell)
                    work.lines += cell.lines
        return work

    def find_missing(self, recipe: Recipe, wanted: list[Case]) -> list[Case]:
        """Return the cases of a recipe that have to run: none when it is known not to apply."""
        key, _, line = self.store.recipes.get(recipe.id, ("", "", b""))
        ended = key == self.keys.make_key(recipe.id)
        if ended and DOES_NOT_APPLY in line:
            return []
        missing = [case for case in wanted if not self.holds(recipe, case)]
        if missing and ended and has_remains(line):  # which of its cells they are from, nobody knows
            return wanted
        if not missing and not ended:  # killed before its wider fixtures had ended: the last case shows how they do
            return wanted[-1:]
        return missing

    def holds(self, recipe: Recipe, case: Case) -> bool:
        """Return whether what is on disk of a cell is still true, and what the baseline, or a control's duty, says."""
        cell = self.store.cells.get((recipe.id, case.id))
        if cell is None or cell.key != self.keys.make_key(recipe.id, case.id):
            return False
        expected = None if recipe.is_control else self.expected.get((recipe.id, case.id))
        if not recipe.is_control and (expected is None or expected.verdict in UNCERTAIN):
            return False
        return cell.agreed == name_agreement(expected) or self.agrees(cell, case, expected)

    def agrees(self, cell: StoredCell, case: Case, expected: Judged | None) -> bool:
        """Judge a cell again, with the rules and the baseline of now."""
        first, confirmation = cell.read()
        return bool(find_agreement(first, confirmation, expected, self.product, self.commits[case.id]))


def find_agreement(first: JsonObject, confirmation: JsonObject | None, expected: Judged | None, product: str, commits: bool) -> str:
    """Return what stands with a cell that may be kept: the name of what it agrees with; "" for one that may not be.

    expected: what the baseline says, None for a control's cell, of which it is known what it must do.
    """
    if expected is None:
        problems = [find_misbehaviour(facts, commits) for facts in (first, confirmation) if facts]
        return "" if any(problems) else name_agreement(None)
    if grade_shortly(first, confirmation, product, commits) != expected or not is_certain(first):
        return ""
    return name_agreement(expected)


def is_certain(facts: JsonObject) -> bool:
    """Return whether a pass shows for certain what it shows: a hang does when a lock wait was seen that nobody could end."""
    return facts.get("ended") != "hang" or facts["hang"]["reason"] == "lock wait"


def has_remains(line: bytes) -> bool:
    """Return whether something remained, or went wrong, when a recipe's wider fixtures had ended."""
    record = json.loads(line)
    return bool(record.get("residue") or record.get("endings"))


@cache
def name_agreement(expected: Judged | None) -> str:
    """Return a short name for what a cell was found to agree with, and for the rules that found it."""
    said = ("control",) if expected is None else (expected.verdict, expected.cause or "")
    return hash_texts(hash_judging(), *said)


@cache
def hash_judging() -> str:
    """Return the hash of the code that judges."""
    return hash_files(list_sources(*JUDGING))


def choose_sample(pairs: Iterable[tuple[str, str]], rotation: int, of: int) -> set[tuple[str, str]]:
    """Return the pairs of stack and recipe whose turn it is: one in `of`, another part with every rotation.

    Whole recipes, since what a sampled cell costs is its recipe's process more than the cell.
    """
    ranked = sorted(pairs, key=lambda pair: hash_texts(*pair))
    return set(ranked[rotation % of :: of])
