"""A recipe's word on a stack.

The rule, in the order in which it is applied:

1. The recipe does not apply to the stack: `n/a`, with the unmet requirement.
2. Essential cases decide. If one leaks: `leaks`, since what one test leaves reaches every later one. Otherwise if one
   hangs: `hangs`. Otherwise if one breaks or crashes: `breaks`, which promises a clean database all the same: where a
   common case leaks beside it, the word is `leaks`. A flaky cell counts as its worse pass. The end of the recipe's own
   session- or module-scoped fixtures counts like an essential case: residue found then is a leak, an error a break.
3. No essential cell could be judged, or one of them has no verdict (infrastructure, not run): `n/a`, because
   silence must not read as a promise.
4. A common case does not hold, or could not be judged: `isolates, with limits`; the note says how many, and of those
   how many leave something behind.
5. `isolates`. Limits are what no fixture that never commits can keep: they take no word away, they are counted and listed.

Cells that are `n/a` take no part. A partial selection is judged over what was selected.

A word carries its number: how many cases decided it (of `leaks` the essential and common ones that leak, of `isolates,
with limits` the common ones that do not hold, of `isolates` the limits that do not).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from matrix.judging.verdicts import BOTH, BREAKS, CRASHES, FLAKY, HANGS, INFRASTRUCTURE, ISOLATES, LEAKS, NOT_APPLICABLE, NOT_RUN, RED

WITH_LIMITS = "isolates, with limits"
WORDS = (ISOLATES, WITH_LIMITS, LEAKS, BREAKS, HANGS, NOT_APPLICABLE)

LEVELS = ESSENTIAL, COMMON, LIMIT = ("essential", "common", "limit")
# Worst first; which verdicts of an essential case lead to which word.
DECIDING = ((LEAKS, (LEAKS, BOTH)), (HANGS, (HANGS,)), (BREAKS, (BREAKS, CRASHES)))


@dataclass(frozen=True)
class Graded:
    """One cell as the word sees it: `worst` is the verdict, for a flaky cell that of its worse pass."""

    level: str
    verdict: str
    worst: str


@dataclass(frozen=True)
class Word:
    """number: how many cases decided it; lost and judged: by level, cases that do not hold, and all that were judged."""

    word: str
    note: str
    counts: dict[str, int] = field(default_factory=dict)
    number: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How a recipe's longer-lived fixtures ended: residue was found afterwards; an error was raised."""

    residue: bool = False
    error: bool = False


CLEAN_ENDING = Ending()


def find_word(cells: Iterable[Graded], unmet: str | None = None, ending: Ending = CLEAN_ENDING) -> Word:
    """Compute a recipe's word on one stack. unmet: why the recipe does not apply."""
    if unmet:
        return Word(NOT_APPLICABLE, unmet)
    cells = list(cells)
    judged = [cell for cell in cells if cell.verdict != NOT_APPLICABLE]
    counts = dict(Counter(cell.verdict for cell in cells))
    lost = {level: sum(cell.level == level and cell.verdict != ISOLATES for cell in judged) for level in LEVELS}
    sizes = {level: sum(cell.level == level for cell in judged) for level in LEVELS}
    word, number, note = sum_up(judged, lost, sizes, ending)
    return Word(word, note, counts, number, lost, sizes)


def sum_up(judged: list[Graded], lost: dict[str, int], sizes: dict[str, int], ending: Ending) -> tuple[str, int, str]:
    """Return the word, its number and its note. lost, sizes: by level, the cases that do not hold and all."""
    if decided := decide(judged, ending):
        return *decided, describe_failures(judged, ending)
    unjudged = sum(cell.level == ESSENTIAL and cell.worst in (INFRASTRUCTURE, NOT_RUN) for cell in judged)
    if unjudged or not sizes[ESSENTIAL]:
        return NOT_APPLICABLE, 0, describe_silence(unjudged)
    # An essential case that is flaky and whose worse pass holds would be lost silently otherwise.
    if number := lost[ESSENTIAL] + lost[COMMON]:
        return WITH_LIMITS, number, describe_failures(judged, ending)
    return ISOLATES, lost[LIMIT], describe_limits(lost[LIMIT], sizes[LIMIT])


def decide(judged: list[Graded], ending: Ending) -> tuple[str, int] | None:
    """Return the word that essential cases decide and how many cases do; the end of longer-lived fixtures counts as one."""
    ended = {LEAKS: ending.residue, HANGS: False, BREAKS: ending.error}
    leaking = sum(cell.level in (ESSENTIAL, COMMON) and cell.worst in (LEAKS, BOTH) for cell in judged) + ending.residue
    for word, verdicts in DECIDING:
        number = sum(cell.level == ESSENTIAL and cell.worst in verdicts for cell in judged) + ended[word]
        if number:
            return (LEAKS, leaking) if word == LEAKS or (word == BREAKS and leaking) else (word, number)
    return None


def describe_limits(lost: int, judged: int) -> str:
    """The fine print of a recipe that isolates."""
    if not lost:
        return ""
    return f"{lost} of {judged} {'limit does' if judged == 1 else 'limits do'} not hold"


def describe_silence(unjudged: int) -> str:
    if unjudged:
        return f"{unjudged} essential {'cell' if unjudged == 1 else 'cells'} could not be judged"
    return "no essential case ran"


def describe_failures(judged: list[Graded], ending: Ending) -> str:
    """One line: what fails how often, essential cases first ("leaks in 2 of 9 essential cases; ...")."""
    parts = ["residue after its longer-lived fixtures ended"] if ending.residue else []
    parts += ["an error when its longer-lived fixtures ended"] if ending.error else []
    for level in LEVELS:
        of_level = [cell for cell in judged if cell.level == level]
        failed = Counter(cell.verdict for cell in of_level if cell.verdict in (*RED, INFRASTRUCTURE, NOT_RUN))
        if failed:
            what = ", ".join(f"{phrase(verdict)} in {count}" for verdict, count in failed.most_common())
            parts.append(f"{what} of {len(of_level)} {level} {'case' if len(of_level) == 1 else 'cases'}")
    return "; ".join(parts)


def phrase(verdict: str) -> str:
    return {BOTH: "leaks and breaks", FLAKY: "is flaky", INFRASTRUCTURE: "no verdict", NOT_RUN: "not run"}.get(verdict, verdict)
