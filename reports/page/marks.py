"""The words and verdicts as readers see them: a symbol, a short word, a colour class, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """One word or verdict: `name` in full, `short` for narrow cells, `symbol`, `style` (CSS class) and what it means."""

    name: str
    short: str
    symbol: str
    style: str
    means: str


MARKS = {
    mark.name: mark
    for mark in (
        Mark("isolates", "isolates", "✓", "isolates", "Left nothing behind, and the application behaved as in production."),
        Mark("isolates, with limits", "limits", "◐", "limits", "Every essential case holds; some common ones do not."),
        Mark("leaks", "leaks", "▲", "leaks", "Something remained in the database after the test."),
        Mark("breaks", "breaks", "✗", "breaks", "The application behaved differently from production."),
        Mark("leaks+breaks", "both", "✖", "both", "Something remained, and the application behaved differently from production."),
        Mark("hangs", "hangs", "∞", "hangs", "The test never ended by itself."),
        Mark("crashes", "crashes", "☠", "crashes", "The process under test died."),
        Mark("flaky", "flaky", "≈", "flaky", "Two runs of the same cell did not agree."),
        Mark("n/a", "n/a", "–", "na", "The recipe needs something that this stack does not have."),
        Mark("not run", "not run", "·", "notrun", "This machine could not run it; what was missing is named."),
        Mark("infrastructure", "infra", "!", "infrastructure", "The examination itself failed; this says nothing about the recipe."),
    )
}
WORDS = ("isolates", "isolates, with limits", "leaks", "breaks", "hangs", "n/a", "not run")
VERDICTS = tuple(name for name in MARKS if name != "isolates, with limits")
GOOD = ("isolates", "isolates, with limits")  # the words of a recipe that one can choose
CLEAN = frozenset({"isolates"})
UNJUDGED = frozenset({"n/a", "not run", "infrastructure"})


def find_mark(name: str) -> Mark:
    """The mark of a word or verdict; an unknown one is shown as it is written, without a colour of its own."""
    return MARKS.get(name) or Mark(name, name, "?", "unknown", name)
