"""A cell graded: its verdict and its leading cause, from the facts of its passes."""

from __future__ import annotations

from matrix.facts import JsonObject
from matrix.judging.causes import find_cause
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Proof
from matrix.judging.changes import Judged
from matrix.judging.verdicts import Judgement, judge


def grade_passes(first: JsonObject, confirmation: JsonObject | None, product: str, commits: bool = True) -> tuple[Judgement, str | None, Proof | None]:
    """Return the judgement of a cell's passes, the id of its leading cause, and what proves that; no cause for a clean cell.

    product: postgresql, mysql or mariadb. commits: whether the application commits anything in the case, by the case's own mark.
    """
    judgement = judge(first, confirmation)
    if not judgement.red:
        return judgement, None, None
    other = confirmation if judgement.shown is first else first
    found = find_cause(Evidence(judgement, product, other, commits))
    return (judgement, found[0].id, found[1]) if found else (judgement, None, None)


def grade_shortly(first: JsonObject, confirmation: JsonObject | None, product: str, commits: bool = True) -> Judged:
    """Return verdict and cause alone, as the baseline has them."""
    judgement, cause, _ = grade_passes(first, confirmation, product, commits)
    return Judged(judgement.verdict, cause)
