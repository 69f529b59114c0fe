"""What a run knows before it starts anything: the reviewed baseline, and what the facts on disk still tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from matrix.judging.baseline import read_baseline
from matrix.judging.changes import Judged, split_cell
from matrix.keeping.choice import Chooser, Expected, Work, choose_sample
from matrix.keeping.keys import CellKeys, KeyMaker
from matrix.keeping.store import Store, read_store
from matrix.plan.contents import ROOT
from matrix.plan.rows import Stack
from matrix.plan.selection import Plan

BASELINE = ROOT / "reports" / "baseline.json"
ONE_IN = 50  # kept recipes on a stack run again all the same, another fiftieth each time


@dataclass(frozen=True)
class Known:
    """What is known of the stacks of a plan. fresh: nothing on disk is believed."""

    plan: Plan
    keys: KeyMaker
    directory: Path
    fresh: bool = False
    baseline: Path = BASELINE
    todo: dict[str, int] = field(default_factory=dict)
    """Cells that have to run, by stack, once it was chosen whose turn it is."""
    _sampled: dict[str, set[str]] = field(default_factory=dict)

    @cached_property
    def expectations(self) -> Mapping[str, Expected]:
        """The reviewed verdict and cause of every cell, by stack, then by recipe and case."""
        found: dict[str, dict[tuple[str, str], Judged]] = {}
        for cell, judged in (read_baseline(self.baseline) or {}).items():
            stack, recipe, case = split_cell(cell)
            found.setdefault(stack, {})[recipe, case] = judged
        return found

    def look(self, stack: Stack) -> tuple[Store, CellKeys, Work]:
        """Return what is on disk of a stack, the keys its cells would have now, and what follows from both."""
        store = Store() if self.fresh else read_store(self.directory, stack.id)
        keys = self.keys.make_keys(stack)
        return store, keys, self._choose(stack, store, keys, self._sampled.get(stack.id, ()))

    def sample(self, rotation: int) -> None:
        """Choose whose turn it is to run again of the recipes that could be kept whole; `look` then keeps nothing of them."""
        kept = {(stack.id, recipe): cells for stack in self.plan.stacks for recipe, cells in self._count_kept(stack).items()}
        for stack_id, recipe in choose_sample(kept, rotation, ONE_IN):
            self._sampled.setdefault(stack_id, set()).add(recipe)
            self.todo[stack_id] += kept[stack_id, recipe]

    def _count_kept(self, stack: Stack) -> dict[str, int]:
        """Return the recipes of which cells are on disk and none has to run, with how many; notes how many of the others have to."""
        store, _, work = self.look(stack)
        self.todo[stack.id] = sum(map(len, work.todo.values()))
        wanted = {recipe.id for recipe in self.plan.list_recipes(stack)} - set(work.todo)
        return Counter(recipe for recipe, _ in store.cells if recipe in wanted)

    def _choose(self, stack: Stack, store: Store, keys: CellKeys, sampled: Collection[str]) -> Work:
        commits = {case.id: case.commits for case in self.plan.cases}
        chooser = Chooser(store, keys, self.expectations.get(stack.id, {}), stack.database.product, commits)
        return chooser.choose(self.plan.list_recipes(stack), self.plan.cases, sampled)
