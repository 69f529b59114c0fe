"""Words and programs may not disagree: what exploring shows by what essential cases do, a recipe's word has to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matrix.facts import JsonObject

#: what essential cases do, within a call and from one call to the next
ESSENTIAL = frozenset({"add", "flush", "duplicate", "change", "commit", "rollback", "read", "next"})
LEAK, LOSS = "leaks", "loses what was committed"
#: words that say it: whoever leaks was never promised to keep
SAYING = {LEAK: frozenset({"leaks"}), LOSS: frozenset({"leaks", "breaks", "hangs"})}


@dataclass(frozen=True)
class Contradiction:
    """A program that shows what a recipe's word denies."""

    stack: str
    recipe: str
    word: str
    shows: str
    program: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.stack} {self.recipe}: the word is {self.word!r}, and it {self.shows}: {' '.join(self.program)}"


def find_contradictions(summary: JsonObject, words: Mapping[tuple[str, str], str]) -> list[Contradiction]:
    """Return every reason that contradicts the word of its recipe on its stack; words: by stack and recipe.

    A pair that has no word (nobody has reviewed it, or it does not apply) promises nothing.
    """
    return [
        Contradiction(stack, recipe, words[stack, recipe], shows, tuple(reason["program"]))
        for stack, explored in summary["stacks"].items()
        for recipe, found in explored["recipes"].items()
        if words.get((stack, recipe), "n/a") != "n/a"
        for reason in found["reasons"]
        for shows in find_shown(reason)
        if words[stack, recipe] not in SAYING[shows]
    ]


def find_shown(reason: JsonObject) -> Iterator[str]:
    """Yield what a reason shows by essential operations alone."""
    if not ESSENTIAL.issuperset(reason["program"]):
        return
    if reason["left"]:
        yield LEAK
    if loses_committed(reason):
        yield LOSS


def loses_committed(reason: JsonObject) -> bool:
    """Say whether a reading step misses rows that production shows after a commit of the program."""
    step, expected, got = reason["step"], reason["expected"] or "", reason["got"] or ""
    if step is None or "commit" not in reason["program"][:step] or "=" not in expected:
        return False
    names = {row.partition("=")[0] for row in expected.split()}
    return not names <= {row.partition("=")[0] for row in got.split() if "=" in row}
