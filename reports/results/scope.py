"""What a run was of: which facts speak of it, and when each of them was found.

A file of facts may hold more than the last run was of, kept from a wider one; what is outside is no part of any judgement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from matrix.facts import JsonObject
from matrix.facts.reading import StackFacts
from matrix.run.outcome import RunOutcome


@dataclass(frozen=True)
class Scope:
    """The recipes and cases that a run was of; None means all. run: its id, None where every file tells its own."""

    recipes: frozenset[str] | None = None
    cases: frozenset[str] | None = None
    run: str | None = None

    def takes(self, recipe: str, case: str) -> bool:
        """Say whether the run was to have this cell; a case's parameters do not matter."""
        return (self.recipes is None or recipe in self.recipes) and (self.cases is None or case.partition("[")[0] in self.cases)


def scope_of_outcome(outcome: RunOutcome) -> Scope:
    """Return what the run was of that left this outcome."""
    recipes, cases = outcome.recipes, outcome.cases
    named = None if cases is None else frozenset(case.partition("[")[0] for case in cases)
    return Scope(None if recipes is None else frozenset(recipes), named, outcome.run)


def scope_of_header(header: JsonObject) -> Scope:
    """Return what a file says of itself, for files without the outcome of their run."""
    selection = header["selection"]
    if selection["complete"]:
        return Scope()
    return Scope(frozenset(selection["recipes"]), frozenset(case.partition("[")[0] for case in selection["cases"]))


def limit_facts(facts: StackFacts, scope: Scope) -> StackFacts:
    """Return the facts that the run was of."""
    if scope.recipes is None and scope.cases is None:
        return facts
    recipes = {recipe: record for recipe, record in facts.recipes.items() if scope.recipes is None or recipe in scope.recipes}
    return replace(facts, recipes=recipes, cells=tuple(cell for cell in facts.cells if scope.takes(cell.recipe, cell.case)))
