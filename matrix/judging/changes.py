"""What changed between two sets of judged cells; used for drift from the baseline and for comparing two results."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from matrix.facts import JsonObject
from matrix.judging.verdicts import ISOLATES, NOT_APPLICABLE, RED

CHANGES = ("regressed", "fixed", "changed", "new", "gone")


@dataclass(frozen=True)
class Judged:
    """A verdict and its leading cause (None when clean or unexplained)."""

    verdict: str
    cause: str | None = None

    def as_json(self) -> JsonObject:
        return {"verdict": self.verdict, "cause": self.cause}


@dataclass(frozen=True)
class Change:
    """One cell that is not what it was; expected or actual is None when the cell was not or is no longer there."""

    cell: str
    change: str
    expected: Judged | None
    actual: Judged | None

    def as_json(self) -> JsonObject:
        sides = {"expected": self.expected, "actual": self.actual}
        return {"cell": self.cell, "change": self.change, **{name: side and side.as_json() for name, side in sides.items()}}


def find_changes(expected: Mapping[str, Judged], actual: Mapping[str, Judged], covers: Callable[[str], bool] = lambda cell: True) -> list[Change]:
    """Compare two sets of cells, both ways: an unexpected pass is a change like any other.

    covers(cell id) says whether the actual side should have had the cell; only then is its absence a change.
    """
    found = []
    for cell in sorted(expected.keys() | actual.keys()):
        before, now = expected.get(cell), actual.get(cell)
        if before != now and (now is not None or covers(cell)):
            found.append(Change(cell, name_change(before, now), before, now))
    return found


def name_change(before: Judged | None, now: Judged | None) -> str:
    if before is None:
        return "new"
    if now is None:
        return "gone"
    clean = (ISOLATES, NOT_APPLICABLE)
    if before.verdict in clean and now.verdict not in clean:
        return "regressed"
    if before.verdict in RED and now.verdict == ISOLATES:
        return "fixed"
    return "changed"


def count_changes(changes: Iterable[Change]) -> dict[str, int]:
    counts = Counter(change.change for change in changes)
    return {name: counts[name] for name in CHANGES if counts[name]}


def split_cell(cell: str) -> tuple[str, str, str]:
    """Return (stack, recipe, case) of a cell's id; a case may have a '/' in its parameters."""
    stack, family, name, case = cell.split("/", 3)
    return stack, f"{family}/{name}", case
