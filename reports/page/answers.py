"""What the finder answers for every stack: its cards and the order of its recipes, for the page's script to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from math import inf
from typing import Any

from reports.page.choosing import TITLES, Candidate, choose_cards, order_recipes
from reports.page.model import Site, Stack
from reports.page.promises import PROMISES, is_open, read_promises

# What most readers have, the first shown to who has not chosen: its name, SQLAlchemy's line, driver, product, family.
USUAL = (
    ("SQLAlchemy 2.0, PostgreSQL, psycopg", "2.0", "psycopg", "postgresql", "plain"),
    ("2.0, MySQL, PyMySQL", "2.0", "pymysql", "mysql", "plain"),
    ("2.0, asyncpg", "2.0", "asyncpg", "postgresql", "asyncio"),
    ("2.0, asyncpg, FastAPI", "2.0", "asyncpg", "postgresql", "fastapi"),
    ("2.0, Flask", "2.0", "psycopg2", "postgresql", "flask"),
    ("1.4, psycopg2", "1.4 legacy", "psycopg2", "postgresql", "plain"),
    ("2.1, psycopg", "2.1", "psycopg", "postgresql", "plain"),
)
# Majors that readers have and that may have no stack: they lead to the nearest.
MAJORS = {"PostgreSQL": ("13", "14", "15", "16", "17", "18"), "MySQL": ("8.0", "8.4", "9.7"), "MariaDB": ("10.6", "10.11", "11.4", "11.8")}


def build_answers(site: Site) -> dict[str, Any]:
    """Recipes are numbers of their rows, stacks of their columns."""
    recipes = list(chain(*site.families.values()))
    rows = {recipe: row for row, recipe in enumerate(recipes)}
    candidates = [list_candidates(site, stack, recipes) for stack in site.stacks]
    return {
        "roles": TITLES,
        "promises": list(PROMISES.values()),
        "cards": [pack_cards(site, stack, found, rows) for stack, found in zip(site.stacks, candidates, strict=True)],
        "order": [[rows[one.recipe] for one in order_recipes(found)] for found in candidates],
        "usual": [list(found) for found in list_usual(site)],
        "databases": list_databases(site),
    }


def list_candidates(site: Site, stack: Stack, recipes: Iterable[str]) -> list[Candidate]:
    """All that have a word on the stack but controls, which are there to be compared with."""
    return [weigh(site, stack, recipe) for recipe in recipes if site.word(stack.id, recipe) and not site.recipes[recipe]["control"]]


def weigh(site: Site, stack: Stack, recipe: str) -> Candidate:
    levels = [site.cases[case]["level"] for case, _ in site.bad_cells(stack.id, recipe)]
    word, verdicts = site.word(stack.id, recipe)["word"], site.verdicts(stack.id, recipe)
    return Candidate(recipe, word, levels.count("common"), len(levels), site.cost(stack, recipe) or inf, is_open(verdicts))


def pack_cards(site: Site, stack: Stack, candidates: Sequence[Candidate], rows: dict[str, int]) -> dict[str, Any]:
    """By family, "" for all of them, each card as [roles, row, promises]; nothing for a family that is the only one."""
    families = dict.fromkeys(site.recipes[one.recipe]["family"] for one in candidates if one.word != "n/a")
    packed = {}
    for family in ("", *families) if len(families) > 1 else ("",):
        cards = choose_cards([one for one in candidates if family in ("", site.recipes[one.recipe]["family"])])
        packed[family] = [[card.roles, rows[card.recipe], read_promises(site.verdicts(stack.id, card.recipe))] for card in cards]
    return packed


def list_usual(site: Site) -> Iterable[tuple[str, int, str]]:
    """(name, column, family) of the usual stacks that have something to show, on the newest server."""
    for name, line, driver, product, family in USUAL:
        found = [
            column
            for column, stack in enumerate(site.stacks)
            if stack.shown and (stack.line, stack.driver, stack.product) == (line, driver, product) and applies(site, stack, family)
        ]
        if found:
            yield name, max(found, key=lambda column: (site.stacks[column].order[6], not site.stacks[column].flavour)), family


def applies(site: Site, stack: Stack, family: str) -> bool:
    return any(site.word(stack.id, recipe).get("word", "n/a") != "n/a" for recipe in site.families.get(family, ()) if not site.recipes[recipe]["control"])


def list_databases(site: Site) -> list[str]:
    """Databases that can be chosen: those of the stacks and other majors of the same products."""
    named = dict.fromkeys(stack.database for stack in site.stacks)
    more = {f"{product} {major}": None for product, majors in MAJORS.items() for major in majors}
    products = {name.partition(" ")[0] for name in named}
    return sorted((name for name in {**named, **more} if name.partition(" ")[0] in products), key=order_database)


def order_database(name: str) -> tuple[int, list[int]]:
    product, _, major = name.partition(" ")
    return list(MAJORS).index(product) if product in MAJORS else len(MAJORS), [int(part) for part in major.split(".") if part.isdigit()]
