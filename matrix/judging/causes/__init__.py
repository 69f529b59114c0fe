"""Why cells are red: named rules over the facts of a cell.

A rule proves its cause by an event of the timeline or another recorded fact (an exception, a lock wait as the
server's views showed it, how the process ended). Verdict, residue or names alone prove nothing, and there is no
rule that catches the rest: a cell that no rule explains is listed as unexplained.

A cell has at most one leading cause:

1. Themes are asked in the order of THEMES: first what ended the cell, then why it could not begin, then the event
   loop, then what made writes durable, what was left standing, and at last why the application saw something else
   than in production: the known limits of a transaction that never commits, what was undone or hidden, and what
   was refused.
2. Within a theme the cause whose proof comes first on the timeline wins, since later events follow from it.
   Proofs that are not on the timeline come after those that are.
3. A tie goes to the rule that is written first; specific rules are written before general ones.
"""

from matrix.judging.causes import asynchronous, carried, durable, ended, hidden, limits, refused, remains, setup, shared
from matrix.judging.causes.evidence import Evidence
from matrix.judging.causes.marks import Proof
from matrix.judging.causes.theme import Cause

THEMES = (
    ended.theme, carried.theme, setup.theme, asynchronous.theme,
    durable.theme, remains.theme, limits.theme, shared.theme, hidden.theme, refused.theme,
)  # fmt: skip
CAUSES: dict[str, Cause] = {cause.id: cause for theme in THEMES for cause in theme.causes}


def find_cause(cell: Evidence) -> tuple[Cause, Proof] | None:
    """Return the leading cause of a red cell and what proves it; None when no rule explains the cell."""
    for theme in THEMES:
        proven = [(cause, proof) for cause in theme.causes if (proof := cause.rule(cell))]
        if proven:
            return min(proven, key=lambda pair: place(pair[1]))
    return None


def place(proof: Proof) -> float:
    return float("inf") if proof.timeline is None else proof.timeline
