"""What verdicts, words and levels mean, and the symbol that stands for each beside its colour."""

from matrix.facts import JsonObject

VERDICTS = {
    "isolates": ("✓", "both promises kept: the database is as before, and the application behaved as in production"),
    "leaks": ("▲", "something stayed behind after teardown"),
    "breaks": ("✗", "the application behaved differently than in production, or set-up or teardown raised"),
    "leaks+breaks": ("✖", "both promises lost"),
    "hangs": ("∞", "the cell did not end by itself"),
    "crashes": ("☠", "the process under test died"),
    "flaky": ("≈", "first pass and confirmation differ"),
    "n/a": ("–", "a stated requirement is not met on this stack"),
    "not run": ("·", "could not run here; the report says what was missing"),
    "infrastructure": ("!", "the machine failed, not the recipe"),
}
WORDS = {  # the rule itself stands in words.py; the number beside a word counts the cases that decided it
    "isolates": ("✓", "every essential and common case holds; the number counts limits that do not"),
    "isolates, with limits": ("◐", "every essential case holds; the number counts common cases that do not, some of which may leave something"),
    "leaks": ("▲", "an essential case leaves something behind, or a common one beside one that breaks; the number counts both"),
    "breaks": ("✗", "essential cases behave differently than in production, as many as the number says"),
    "hangs": ("∞", "essential cases do not end, as many as the number says"),
    "n/a": ("–", "does not apply to this stack, or could not be judged"),
}
LEVELS = {
    "essential": "a fixture that fails it does not isolate",
    "common": "applications of that kind do it daily",
    "limit": "what no fixture that never commits can reproduce",
}


def make_legend() -> JsonObject:
    """Return the legend as results.schema.json wants it."""
    return {
        "verdicts": {name: {"symbol": symbol, "meaning": meaning} for name, (symbol, meaning) in VERDICTS.items()},
        "words": {name: {"symbol": symbol, "meaning": meaning} for name, (symbol, meaning) in WORDS.items()},
        "levels": dict(LEVELS),
    }
