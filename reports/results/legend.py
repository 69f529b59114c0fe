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
WORDS = {
    "isolates": ("✓", "every case that applies is isolated and behaves as in production"),
    "isolates, with limits": ("◐", "all essential cases hold; some common cases or known limits do not"),
    "leaks": ("▲", "an essential case leaves something behind"),
    "breaks": ("✗", "an essential case behaves differently than in production"),
    "hangs": ("∞", "an essential case does not end"),
    "n/a": ("–", "does not apply to this stack, or could not be judged"),
}
LEVELS = {
    "essential": "a fixture that fails it does not isolate",
    "common": "real applications do this",
    "limit": "what no fixture that never commits can reproduce",
}


def make_legend() -> JsonObject:
    """Return the legend as results.schema.json wants it."""
    return {
        "verdicts": {name: {"symbol": symbol, "meaning": meaning} for name, (symbol, meaning) in VERDICTS.items()},
        "words": {name: {"symbol": symbol, "meaning": meaning} for name, (symbol, meaning) in WORDS.items()},
        "levels": dict(LEVELS),
    }
