"""A recipe's word on a stack.

The rule, in the order in which it is applied:

1. The recipe does not apply to the stack: `n/a`, with the unmet requirement.
2. Essential cells decide. If one leaks: `leaks`, since what one test leaves reaches every later one. Otherwise if
   one hangs: `hangs`. Otherwise if one breaks or crashes: `breaks`, which promises a clean database all the same: where
   a common case leaks beside it, the word is `leaks`. A flaky cell counts as its worse pass.
   The end of the recipe's own session- or module-scoped fixtures counts like an essential cell: residue found
   then is a leak, an error then is a break.
3. No essential cell could be judged, or one of them has no verdict (infrastructure, not run): `n/a`, because
   silence must not read as a promise.
4. A common or limit cell is not clean: `isolates, with limits`; the note counts them.
5. `isolates`.

Cells that are `n/a` take no part. A partial selection is judged over what was selected.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from matrix.judging.verdicts import BOTH, BREAKS, CRASHES, FLAKY, HANGS, INFRASTRUCTURE, ISOLATES, LEAKS, NOT_APPLICABLE, NOT_RUN, RED

WITH_LIMITS = "isolates, with limits"
WORDS = (ISOLATES, WITH_LIMITS, LEAKS, BREAKS, HANGS, NOT_APPLICABLE)

ESSENTIAL, COMMON = "essential", "common"
LEVELS = ("essential", "common", "limit")
# Worst first; which verdicts of an essential cell lead to which word.
DECIDING = ((LEAKS, (LEAKS, BOTH)), (HANGS, (HANGS,)), (BREAKS, (BREAKS, CRASHES)))


@dataclass(frozen=True)
class Graded:
    """One cell as the word sees it: `worst` is the verdict, for a flaky cell that of its worse pass."""

    level: str
    verdict: str
    worst: str


@dataclass(frozen=True)
class Word:
    word: str
    note: str
    counts: dict[str, int] = field(default_factory=dict)


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
    counts = dict(Counter(cell.verdict for cell in cells))
    judged = [cell for cell in cells if cell.verdict != NOT_APPLICABLE]
    essential = [cell for cell in judged if cell.level == ESSENTIAL]
    common = [cell for cell in judged if cell.level == COMMON]
    word = decide(essential, common, ending)
    if word:
        return Word(word, describe_failures(judged, ending), counts)
    unjudged = sum(cell.worst in (INFRASTRUCTURE, NOT_RUN) for cell in essential)
    if unjudged or not essential:
        return Word(NOT_APPLICABLE, describe_silence(unjudged), counts)
    if any(cell.verdict != ISOLATES for cell in judged):
        return Word(WITH_LIMITS, describe_failures(judged, ending), counts)
    return Word(ISOLATES, "", counts)


def decide(essential: list[Graded], common: list[Graded], ending: Ending) -> str | None:
    worst = {cell.worst for cell in essential} | ({LEAKS} if ending.residue else set()) | ({BREAKS} if ending.error else set())
    word = next((word for word, verdicts in DECIDING if worst.intersection(verdicts)), None)
    return LEAKS if word == BREAKS and any(cell.worst in (LEAKS, BOTH) for cell in common) else word


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
