"""The README's one table: what you have, across the lines of SQLAlchemy, and which recipe to begin with."""

from collections.abc import Iterable
from math import inf
from statistics import median

from matrix.judging.controls import CONTROLS
from matrix.plan.rows import Stack
from reports.page.choosing import PRODUCTION, START, Candidate, choose_cards
from reports.readme.tables import PRODUCTS, find_worst, write_mark
from reports.readme.words import Inputs, Words
from reports.results.words import COMMON, Word

FAMILIES = {
    "plain": "plain", "asyncio": "asyncio", "flask": "Flask-SQLAlchemy", "fastapi": "FastAPI",
    "unit_of_work": "unit of work", "pyramid": "Pyramid", "litestar": "Litestar",
}  # fmt: skip
OFFERED = {START, PRODUCTION}
LINES = ("1.3", "1.4", "2.0", "2.1")


def draw_answers(inputs: Inputs) -> str:
    """Return the table in Markdown: in each cell the recipe to start with, and below it the one that is most like production."""
    words = inputs.words
    lines = ["| | " + " | ".join(LINES) + " |", "|---|" + "---|" * len(LINES)]
    for family, title in FAMILIES.items():
        cells = [draw_cell(inputs, words, family, [row.id for row in inputs.rows if has_place(row, line)]) for line in LINES]
        lines.append(f"| **{title}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def has_place(row: Stack, line: str) -> bool:
    return row.line == line and row.database.product in PRODUCTS


def draw_cell(inputs: Inputs, words: Words, family: str, stacks: Iterable[str]) -> str:
    """Return what to offer for a family on the stacks of a line, a dash where nothing isolates; it applies with each product that the family runs on."""
    here = [stack for stack in stacks if any(known == stack and recipe.startswith(f"{family}/") for known, recipe in words)]
    recipes = {recipe for stack, recipe in words if stack in here and recipe.startswith(f"{family}/") and recipe.split("/")[1] not in CONTROLS}
    found = {recipe: [words[stack, recipe] for stack in here if (stack, recipe) in words] for recipe in recipes}
    products = {row.id: row.database.product for row in inputs.rows}
    everywhere = {recipe: told for recipe, told in found.items() if {products[s] for s in here if (s, recipe) in words} == {products[s] for s in here}}
    cards = choose_cards([sum_up(recipe, told, list_costs(inputs, recipe, here)) for recipe, told in everywhere.items()])
    offered = [card.recipe for card in cards if OFFERED.intersection(card.roles)]
    return "<br>".join(f"{write_mark(find_worst(found[recipe]))} [{recipe.split('/')[1]}](fixtures/{recipe}.py)" for recipe in offered) or "–"


def list_costs(inputs: Inputs, recipe: str, stacks: list[str]) -> list[float]:
    """Return what a recipe costs on the stacks, and where nobody measured it there, on all others: costs differ less by line than by recipe."""
    known = {stack: costs[recipe] for stack, costs in inputs.costs.items() if recipe in costs}
    return [known[stack] for stack in stacks if stack in known] or list(known.values())


def sum_up(recipe: str, words: list[Word], costs: list[float]) -> Candidate:
    """Return a recipe as a candidate for several stacks at once: its worst word, the most that it loses, the median of its costs."""
    common = max(word.lost.get(COMMON, 0) for word in words)
    return Candidate(recipe, find_worst(words).word, common, max(sum(word.lost.values()) for word in words), median(costs) if costs else inf)
