"""The row of the matrix that is most like a project, and the recipes that its cards show there, held against his fixture."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from matrix.facts import JsonObject
from matrix.judging.baseline import read_baseline
from matrix.judging.changes import Judged
from matrix.judging.controls import is_control
from matrix.judging.verdicts import ISOLATES, NOT_APPLICABLE
from matrix.plan.rows import Stack, load_stacks
from reports.page.choosing import TITLES, Candidate, choose_cards
from reports.page.promises import is_open
from reports.places import Places
from reports.results.costs import read_costs
from reports.results.reviewed import arrange_cells, list_reviewed
from reports.results.words import Word, find_word

#: The family whose recipes take the place of a fixture of that kind.
FAMILIES = {
    "session": "plain", "scoped_session": "plain", "sessionmaker": "plain", "async_session": "asyncio", "async_sessionmaker": "asyncio",
    "flask_sqlalchemy": "flask", "async_fastapi": "fastapi", "fastapi": "plain",
}  # fmt: skip


def find_nearest(stack: JsonObject, kind: str, places: Places) -> Stack | None:
    """Return the reviewed row with the family's recipes that shares most: line and mode, product, driver, version of the server."""
    family, reviewed = FAMILIES[kind], arrange_cells(read_baseline(places.baseline) or {})
    having = {name for name, recipes in reviewed.items() if any(recipe.startswith(f"{family}/") for recipe in recipes)}
    rows = [row for row in load_stacks(places.root / "matrix" / "stacks.toml").values() if row.id in having]
    rows = [row for row in rows if (row.line, row.mode) == (stack["line"], stack["mode"])]

    def weigh(row: Stack) -> tuple[bool, ...]:
        database = stack["database"]
        return row.database.product == database["product"], row.dialect == stack["dialect"], row.database.id == database["id"], row.python == stack["python"]

    return max(rows, key=weigh, default=None)


def list_cards(stack: Stack, kind: str, own: Mapping[str, JsonObject], places: Places, told: Mapping[str, JsonObject]) -> list[JsonObject]:
    """Return the cards of the family's recipes on a row, each with the cases that one would gain and lose with it."""
    reviewed = arrange_cells(read_baseline(places.baseline) or {})[stack.id]
    levels, costs = {case: about["level"] for case, about in told.items()}, read_costs(places.costs).get(stack.id, {})
    recipes = {name: cells for name, cells in reviewed.items() if name.startswith(f"{FAMILIES[kind]}/") and not is_control(name)}
    words = {name: find_word(list_reviewed(levels, cells)) for name, cells in recipes.items()}
    chosen = choose_cards([weigh_recipe(name, words[name], cells, costs.get(name)) for name, cells in recipes.items()])
    return [
        {"recipe": card.recipe, "path": f"fixtures/{card.recipe}.py", "roles": [TITLES[role] for role in card.roles], "word": words[card.recipe].word,
         "number": words[card.recipe].number, "cost": costs.get(card.recipe), **compare(own, recipes[card.recipe])}
        for card in chosen
    ]  # fmt: skip


def weigh_recipe(name: str, word: Word, cells: Mapping[str, Judged], cost: float | None) -> Candidate:
    """Return a recipe as the choice of cards sees it."""
    verdicts = {case: {"verdict": judged.verdict} for case, judged in cells.items()}
    return Candidate(name, word.word, word.lost.get("common", 0), sum(word.lost.values()), cost or inf, is_open(verdicts))


def compare(own: Mapping[str, JsonObject], cells: Mapping[str, Judged]) -> dict[str, list[str]]:
    """Return the cases that hold under a recipe and not under one's own fixture, and the other way round."""
    both = [case for case in own if case in cells and NOT_APPLICABLE not in (own[case]["verdict"], cells[case].verdict)]
    holds = {case: (own[case]["verdict"] == ISOLATES, cells[case].verdict == ISOLATES) for case in both}
    return {"gains": [case for case in both if holds[case] == (False, True)], "loses": [case for case in both if holds[case] == (True, False)]}
