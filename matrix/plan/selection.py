"""Which stacks, recipes and cases are to run: globs over the names that exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from matrix.plan.contents import Case, Recipe, find_cases, find_recipes
from matrix.plan.rows import Stack, load_stacks

Item = TypeVar("Item")
ORDERS = ("written", "reversed", "shuffled")
DECIDING = ("essential", "common")  # a recipe's word stands and falls with cases of these levels; limits are fine print


class SelectionError(ValueError):
    """A selector that selects nothing; the text lists what exists and suggests the nearest."""


@dataclass(frozen=True)
class Selection:
    """Globs of names, as typed; an item is selected when any of its globs matches; none selects all."""

    stacks: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    every: bool = True
    """Whether a choice of nothing means every row and case, not the core alone."""

    @property
    def name(self) -> str:
        """What was asked for: "core", "all", or "selected" by globs."""
        if self.stacks or self.recipes or self.cases:
            return "selected"
        return "all" if self.every else "core"


@dataclass(frozen=True)
class Plan:
    """What is to run."""

    stacks: list[Stack]
    recipes: list[Recipe]
    cases: list[Case]
    complete: bool
    """Whether each of the stacks gets every recipe and every case."""
    every_recipe: bool = False
    every_case: bool = False
    name: str = "selected"

    def list_members(self, stack: Stack) -> set[tuple[str, str]]:
        """Return recipe and case of every cell that a stack is to have."""
        return {(recipe.id, case.id) for recipe in self.list_recipes(stack) for case in self.cases if recipe.takes(case)}

    def list_recipes(self, stack: Stack) -> list[Recipe]:
        """Return the recipes that a row is there for, and of controls those of the contracts that these have."""
        own = [recipe for recipe in self.recipes if not recipe.is_control and (not stack.families or recipe.family in stack.families)]
        contracts = {recipe.contract for recipe in own} | set(stack.families or (recipe.family for recipe in self.recipes))
        return [recipe for recipe in self.recipes if recipe in own or (recipe.is_control and recipe.family in contracts)]


def make_plan(selection: Selection) -> Plan:
    """Return what a selection means for the rows, recipes and cases there are.

    The core is the rows that say so, and the cases that decide a word. Raises SelectionError for a glob that matches nothing, RowError and ContentError for bad files.
    """
    all_recipes, all_cases = find_recipes(), find_cases()
    recipes = select(all_recipes, selection.recipes, "recipe")
    cases = select(all_cases, selection.cases, "case")
    stacks = select(load_stacks(), selection.stacks, "stack")
    if selection.name == "core":
        stacks = [stack for stack in stacks if stack.core]
        cases = [case for case in cases if case.level in DECIDING]
    return Plan(
        stacks=stacks,
        recipes=recipes,
        cases=cases,
        name=selection.name,
        complete=len(recipes) == len(all_recipes) and len(cases) == len(all_cases),
        every_recipe=len(recipes) == len(all_recipes),
        every_case=len(cases) == len(all_cases),
    )


def select(items: Mapping[str, Item], globs: Sequence[str], kind: str) -> list[Item]:
    """Return the items whose name matches any glob, in their own order; all without globs.

    Raises SelectionError for a glob that matches nothing: a spelling mistake must not shrink a run.
    """
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in items):
            raise SelectionError(_explain(glob, items, kind))
    return [item for name, item in items.items() if not globs or any(fnmatchcase(name, glob) for glob in globs)]


def _explain(glob: str, names: Iterable[str], kind: str) -> str:
    names = list(names)
    near = _find_nearest(glob, names)
    lines = [f"no {kind} matches {glob!r}" + (f"; did you mean {near!r}?" if near else "")]
    return "\n  ".join([*lines, f"there are {len(names)}:", *names])


def _find_nearest(glob: str, names: list[str]) -> str | None:
    """A name may be known by its last part alone: create_savepoint for plain/create_savepoint."""
    plain = glob.strip("*")
    whole = {name: name for name in reversed(names)}
    endings = {name.rpartition("/")[2]: name for name in whole}
    beginnings = {name[: len(plain)]: name for name in whole}
    for known in (whole, endings, beginnings):
        near = difflib.get_close_matches(plain, known, n=1)
        if near:
            return known[near[0]]
    return None
