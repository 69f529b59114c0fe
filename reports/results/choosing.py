"""Which recipes to offer: what is lost against what it costs, and nothing that another beats on both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matrix.judging.verdicts import ISOLATES
from reports.results.words import COMMON, WITH_LIMITS

OFFERED = (ISOLATES, WITH_LIMITS)


@dataclass(frozen=True)
class Candidate:
    """A recipe on one stack or several: its word, how many cases of each level it loses, what a test costs (None: nobody knows)."""

    recipe: str
    word: str
    lost: Mapping[str, int]
    cost: float | None

    @property
    def all_lost(self) -> int:
        return sum(self.lost.values())

    @property
    def price(self) -> float:
        """The cost, where an unknown one is more than any known."""
        return float("inf") if self.cost is None else self.cost


@dataclass(frozen=True)
class Choice:
    """start: the cheapest that isolates, or loses fewest common cases; production: loses fewest of all; between: what else nobody beats."""

    start: Candidate
    production: Candidate
    between: Candidate | None


def choose(candidates: Iterable[Candidate]) -> Choice | None:
    """Return what to offer, None when nothing isolates. Ties go to the name, so that the same candidates give the same choice."""
    front = find_front([one for one in candidates if one.word in OFFERED])
    if not front:
        return None
    start = min(front, key=lambda one: (one.lost.get(COMMON, 0), one.price, one.all_lost, one.recipe))
    production = min(front, key=lambda one: (one.all_lost, one.price, one.recipe))
    others = sorted((one for one in front if one not in (start, production)), key=lambda one: (one.price, one.all_lost, one.recipe))
    return Choice(start, production, others[0] if others else None)


def find_front(candidates: list[Candidate]) -> list[Candidate]:
    """Return those that no other beats: none is at least as cheap and loses no more, and is better in one of them."""
    return [one for one in candidates if not any(beats(other, one) for other in candidates)]


def beats(other: Candidate, one: Candidate) -> bool:
    """Say whether one candidate is better than another in cost or in what it loses, common cases told apart, and worse in nothing."""
    mine, theirs = measure(one), measure(other)
    return theirs != mine and all(their <= my for their, my in zip(theirs, mine, strict=True))


def measure(one: Candidate) -> tuple[float, int, int]:
    return one.price, one.lost.get(COMMON, 0), one.all_lost
