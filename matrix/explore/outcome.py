"""What a program came to, and how that differs from production. Pure: nothing runs here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from matrix.explore.operations import Program

END = "end of the call"


@dataclass(frozen=True)
class Outcome:
    """One program under one recipe."""

    program: Program
    saw: tuple[str, ...] | None = None
    """What was seen at each step, and at the end of the last call; None when the fixture had no application to give."""
    errors: tuple[tuple[str, str], ...] = ()
    """Phases that raised, with the kind of error."""
    left: tuple[tuple[str, str], ...] = ()
    """What stayed in the database: kind and object."""
    ended: str = "finished"
    """"finished", "hang" or "crash"."""


@dataclass(frozen=True)
class Difference:
    """How an outcome differs from production's."""

    outcome: Outcome
    expected: tuple[str, ...]
    step: int | None = None
    """The first step that came out otherwise, None when all came out alike."""
    signature: tuple[str, ...] = field(default=())
    """What makes two differences look alike before anybody knows why: what stayed, what was raised, what came otherwise."""

    @property
    def leaks(self) -> bool:
        """Whether the database is not what it was."""
        return bool(self.outcome.left)

    @property
    def breaks(self) -> bool:
        """Whether the application, or the fixture, did not come out as in production."""
        return self.step is not None or bool(self.outcome.errors) or self.outcome.ended != "finished"


def compare(outcome: Outcome, production: Outcome | None, isolated: bool = True) -> Difference | None:
    """Return how the outcome differs from production's, None when it does not or nobody knows that.

    isolated: whether what stays in the database counts; for production itself it does not.
    """
    if production is None or production.saw is None:
        return None
    outcome = replace(
        outcome,
        left=outcome.left if isolated else (),
        errors=tuple(error for error in outcome.errors if error not in production.errors),  # to close the session raises there, too
    )
    step = find_step(outcome.saw, production.saw)
    if not outcome.left and step is None and not outcome.errors and outcome.ended == "finished":
        return None
    return Difference(outcome, production.saw, step, sign(outcome, production.saw, step))


def find_step(saw: Sequence[str] | None, expected: Sequence[str]) -> int | None:
    """Return the first step that was seen otherwise than expected; without an application it is none."""
    if saw is None:
        return None
    return next((place for place, (got, wanted) in enumerate(zip(saw, expected, strict=False)) if got != wanted), None)


def sign(outcome: Outcome, expected: Sequence[str], step: int | None) -> tuple[str, ...]:
    """Return the signature of a difference."""
    kinds = sorted({kind for kind, _ in outcome.left})
    raised = [f"{phase} {kind}" for phase, kind in outcome.errors]
    seen = []
    if step is not None and outcome.saw is not None:
        operation = (*outcome.program, END)[step]
        seen = [f"{operation}: {classify(outcome.saw[step], expected[step])}"]
    return (*kinds, *raised, *seen, *([outcome.ended] if outcome.ended != "finished" else []))


def classify(got: str, wanted: str) -> str:
    """Return in which way an observation differs: rows that are missing or too many, or an error, by its kind."""
    rows, others = read_rows(got), read_rows(wanted)
    if rows is None or others is None:
        return f"{got if rows is None else 'rows'} for {wanted if others is None else 'rows'}"
    names, wanted_names = {row.partition("=")[0] for row in rows}, {row.partition("=")[0] for row in others}
    words = [word for word, found in (("missing", wanted_names - names), ("extra", names - wanted_names)) if found]
    return " and ".join(words) or "changed"


def read_rows(seen: str) -> set[str] | None:
    """Return the rows that a reading step saw, None for any other observation."""
    if seen == "nothing":
        return set()
    return set(seen.split()) if "=" in seen else None
