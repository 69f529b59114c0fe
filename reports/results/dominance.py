"""Where another recipe of the same family passes and this one does not: what nobody should leave out who recommends one.

A pure function over verdicts, so the report asks it about a run and the tests ask it about the baseline. Controls take
no part: `fresh_database` passes everything, and that is no news.
"""

from __future__ import annotations

from collections.abc import Mapping

from matrix.judging.controls import is_control
from matrix.judging.verdicts import ISOLATES


def find_losses(verdicts: Mapping[str, Mapping[str, str]], recipe: str) -> dict[str, list[str]]:
    """Return case -> recipes that isolate there while `recipe` does not.

    verdicts: recipe -> case -> verdict, on one stack. Only recipes of the same family are compared. Having no verdict
    in a case, `n/a` included, is not passing it: silence must not win.
    """
    own, family = verdicts.get(recipe, {}), recipe.partition("/")[0]
    losses: dict[str, list[str]] = {}
    for other in sorted(verdicts):
        if other.partition("/")[0] != family or is_control(other):
            continue
        for case, verdict in verdicts[other].items():
            if verdict == ISOLATES and own.get(case) != ISOLATES:
                losses.setdefault(case, []).append(other)
    return losses
