"""The mutants: good fixtures with one bug each, under tests/mutants/<stack>/, each run on the stack that its folder names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from matrix.plan.contents import ROOT, Case, ContentError, Recipe, find_recipes
from matrix.plan.rows import Stack, load_stacks

MUTANTS = ROOT / "tests" / "mutants"
UNMUTATED = "unmutated"


@dataclass(frozen=True)
class PairedMutant(Recipe):
    """A mutant that meets only some of the cases."""

    only: frozenset[str] = frozenset()

    def takes(self, case: Case) -> bool:
        """Say whether the case is one of them."""
        return case.id in self.only


@dataclass(frozen=True)
class Mutants:
    """The mutants of a folder by id `<stack>/<name>`, and for every stack the same fixture without a bug."""

    stacks: dict[str, Stack]
    unmutated: dict[str, Recipe]
    mutated: Mapping[str, Recipe]

    @property
    def all(self) -> list[Recipe]:
        """What is to run, the fixtures without a bug first."""
        return [*self.unmutated.values(), *self.mutated.values()]

    def pair(self, pairs: Mapping[str, Iterable[str]]) -> Mutants:
        """Return the same with every mutant meeting only the cases that `pairs` names for it."""
        mutated = {id: PairedMutant(id, recipe.family, recipe.path, frozenset(pairs.get(id, ()))) for id, recipe in self.mutated.items()}
        return replace(self, mutated=mutated)


def find_mutants(folder: Path = MUTANTS) -> Mutants:
    """Return all mutants of a folder.

    Raises ContentError for a folder that is no stack's, that lacks the fixture without a bug, or has mutants without a title.
    """
    found, rows = find_recipes(folder), load_stacks()
    homes = dict.fromkeys(recipe.family for recipe in found.values())
    for home in homes:
        if home not in rows:
            raise ContentError(f"{folder / home}: no stack is called {home!r}; a folder of mutants has the name of the stack they run on")
        if f"{home}/{UNMUTATED}" not in found:
            raise ContentError(f"{folder / home}: there is no {UNMUTATED}.py, the same fixture without a bug")
    mutants = Mutants(
        stacks={home: rows[home] for home in homes},
        unmutated={id: recipe for id, recipe in found.items() if recipe.path.stem == UNMUTATED},
        mutated={id: recipe for id, recipe in found.items() if recipe.path.stem != UNMUTATED},
    )
    for recipe in mutants.mutated.values():
        read_title(recipe)
    return mutants


def read_title(mutant: Recipe) -> str:
    """Return the bug in one sentence: the first line of the docstring. Raises ContentError without one."""
    doc = ast.get_docstring(ast.parse(mutant.path.read_text(encoding="utf-8"))) or ""
    if not doc.strip():
        raise ContentError(f"{mutant.path}: no docstring; its first line is the bug in one sentence, for readers of the report")
    return doc.strip().splitlines()[0].removesuffix(".")
