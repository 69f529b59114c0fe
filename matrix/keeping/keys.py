"""The key of a cell: what it used, hashed part by part, so that whoever asks is told which part differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from matrix.environments.building import LOCKS, find_environment
from matrix.keeping import inputs
from matrix.plan.contents import Recipe, find_recipes
from matrix.plan.rows import Database, Stack
from matrix.servers import identify_server

PARTS = {
    "recipe": "the recipe's file",
    "family": "the family's conftest.py with its imports, the sample application among them",
    "case": "the case, the rest of its module, and that one's imports",
    "row": "the stack's row and lock",
    "interpreter": "the interpreter and the packages that are installed",
    "server": "the server that would answer, and how it is set up",
    "instrument": "the code of probe, witness and supervisor, and pytest's settings",
    "order": "the order of recipes and cases, and the deadline",
}
NOTHING = "-" * inputs.DIGITS  # in the place of the case, in the key of a recipe's own line
ABSENT = "absent"


@dataclass(frozen=True)
class CellKeys:
    """The keys of one stack's cells."""

    shared: Mapping[str, str]  # parts that all cells of the stack have in common
    recipes: Mapping[str, str]
    families: Mapping[str, str]
    cases: Mapping[str, str]

    def make_key(self, recipe: str, case: str | None = None) -> str:
        """Return the key of a cell, or of a recipe's own line; the parts in the order of PARTS, joined by dots."""
        parts = {
            "recipe": self.recipes[recipe],
            "family": self.families[recipe.partition("/")[0]],
            "case": self.cases[case.partition("[")[0]] if case else NOTHING,
            **self.shared,
        }
        return ".".join(parts[name] for name in PARTS)


def find_differing(key: str, other: str) -> list[str]:
    """Return the names of the parts in which two keys differ, in the order of PARTS; all of them for a key of another form."""
    parts, others = key.split("."), other.split(".")
    if len(parts) != len(PARTS) or len(others) != len(PARTS):
        return list(PARTS)
    return [name for name, part, another in zip(PARTS, parts, others, strict=True) if part != another]


class KeyMaker:
    """Makes the keys of the stacks of one run; what several stacks share is hashed once."""

    def __init__(self, ways: Sequence[str], order: str, deadline_s: float, recipes: Iterable[Recipe] | None = None) -> None:
        self._ways, self._order = ways, inputs.hash_texts(order, repr(deadline_s))
        self._recipes = list(find_recipes().values()) if recipes is None else list(recipes)
        self._servers: dict[str, str] = {}

    @cached_property
    def _instrument(self) -> str:
        return inputs.hash_instrument()

    @cached_property
    def _families(self) -> dict[str, str]:
        return {family: inputs.hash_family(family) for family in sorted({recipe.family for recipe in self._recipes})}

    @cached_property
    def _cases(self) -> dict[str, str]:
        return inputs.hash_cases()

    def make_keys(self, stack: Stack) -> CellKeys:
        """Return the keys of a stack's cells as they would be if they ran now; starts nothing and downloads nothing."""
        shared = {
            "row": inputs.hash_texts(describe_row(stack), inputs.hash_file(LOCKS / f"{stack.id}.txt")),
            "interpreter": inputs.hash_texts(find_environment(stack) or ABSENT),
            "server": self._identify(stack.database),
            "instrument": self._instrument,
            "order": self._order,
        }
        recipes = {recipe.id: recipe.sha256[: inputs.DIGITS] for recipe in self._recipes}
        return CellKeys(shared, recipes, self._families, self._cases)

    def _identify(self, database: Database) -> str:
        if self._servers.get(database.id, ABSENT) == ABSENT:  # what was absent may have been fetched since
            self._servers[database.id] = identify_server(database, self._ways)
        setup = inputs.hash_files(inputs.list_sources(*inputs.SERVERS))
        return inputs.hash_texts(self._servers[database.id], setup, database.id)


def describe_row(stack: Stack) -> str:
    """Return what a row says that reaches its cells: not whom it is promised to, nor which families it is there for."""
    row = asdict(stack)
    names = ("id", "line", "mode", "python", "dialect", "driver", "asynchronous", "query", "password_rounds")
    return json.dumps({name: row[name] for name in names}, sort_keys=True, default=str)
