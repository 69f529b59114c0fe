"""Which recipes a reader is shown first, and in what order all of them stand: the one place that prefers a recipe to another.

Pure functions. A recipe is beaten when another costs no more, loses no more cells and no more common ones, and is better
in one of them: a word is not traded for fine print. One that is beaten is never on a card. A cost that nobody measured
is above every other, so that silence does not win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from reports.page.marks import GOOD, MARKS

START, PRODUCTION, UNCHANGED, BETWEEN = "start", "production", "unchanged", "between"
TITLES = {START: "Start here", PRODUCTION: "As production", UNCHANGED: "If you cannot change the application", BETWEEN: "In between"}


@dataclass(frozen=True)
class Candidate:
    """A recipe on a stack: its word, common cases and all cells that it loses, its cost, and whether the application may open connections of its own."""

    recipe: str
    word: str
    common: int
    lost: int
    cost: float = inf
    open: bool = False


@dataclass(frozen=True)
class Card:
    """roles: what speaks for the recipe, most important first."""

    recipe: str
    roles: tuple[str, ...]


def order_recipes(candidates: Sequence[Candidate]) -> list[Candidate]:
    """By word, then by what is lost, then by cost."""
    words = list(MARKS)
    return sorted(candidates, key=lambda one: (words.index(one.word) if one.word in MARKS else len(words), one.lost, one.cost, one.recipe))


def choose_cards(candidates: Sequence[Candidate]) -> list[Card]:
    """At most three recipes of those that isolate; none when no recipe does."""
    front = find_front([one for one in candidates if one.word in GOOD])
    if not front:
        return []
    start, production = choose_start(front), min(front, key=lambda one: (one.lost, one.cost, one.recipe))
    if start == production:
        chosen = [Card(start.recipe, (START, PRODUCTION))]
    else:
        chosen = [Card(start.recipe, (START,)), Card(production.recipe, (PRODUCTION,))]
    taken = {(one.cost, one.lost) for one in (start, production)}
    return chosen + choose_another(start, [one for one in front if (one.cost, one.lost) not in taken])


def choose_start(front: Sequence[Candidate]) -> Candidate:
    """The cheapest that loses no common case, or else the one that loses fewest of them."""
    clean = [one for one in front if one.word == GOOD[0]]
    return min(clean or front, key=lambda one: (0 if clean else one.common, one.cost, one.lost, one.recipe))


def choose_another(start: Candidate, rest: Sequence[Candidate]) -> list[Card]:
    """The cheapest of the rest that takes an application as it is, where the first does not, or else the one that loses least."""
    taking = [one for one in rest if one.open and not start.open]
    if taking:
        return [Card(min(taking, key=lambda one: (one.common, one.cost, one.recipe)).recipe, (UNCHANGED,))]
    return [Card(min(rest, key=lambda one: (one.common, one.lost, one.cost, one.recipe)).recipe, (BETWEEN,))] if rest else []


def find_front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that no other beats."""
    return [one for one in candidates if not any(beats(other, one) for other in candidates)]


def beats(one: Candidate, other: Candidate) -> bool:
    mine, theirs = (one.cost, one.common, one.lost), (other.cost, other.common, other.lost)
    return mine != theirs and all(my <= their for my, their in zip(mine, theirs, strict=True))
