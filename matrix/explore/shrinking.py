"""Makes a differing program as short as it gets: what is shown is 1-minimal, no single step of it can be left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from matrix.explore.operations import Program, find_illegal
from matrix.explore.outcome import Difference

AT_ONCE = 12
Try = Callable[[Sequence[Program]], list[Difference | None]]


def shrink(difference: Difference, attempt: Try) -> Difference:
    """Return the difference of a shorter program that looks the same, of which no single step can be left out.

    attempt: plays programs and returns how each differs.
    """
    while True:
        found = find_shorter(difference, attempt)
        if found is None:
            return difference
        difference = found


def shrink_all(differences: Sequence[Difference], attempt: Try, most: int) -> tuple[list[tuple[Difference, int]], int]:
    """Return shortest programs for differences that look alike, each with how many it explains, and how many are left.

    A program is explained by a shorter one that it holds, step by step in the same order: what looks alike may still
    have another cause, and a common one must not hide a rare one. At most `most` are made.
    """
    found: list[tuple[Difference, int]] = []
    rest = list(differences)
    while rest and len(found) < most:
        shortest = shrink(rest[0], attempt)
        left = [other for other in rest[1:] if not holds(other.outcome.program, shortest.outcome.program)]
        found.append((shortest, len(rest) - len(left)))
        rest = left
    return found, len(rest)


def holds(program: Program, shorter: Program) -> bool:
    """Say whether the shorter program is left when some steps of the other one are left out."""
    steps = iter(program)
    return all(step in steps for step in shorter)


def find_shorter(difference: Difference, attempt: Try) -> Difference | None:
    """Return the first difference of a shorter program that looks the same; a few are played at a time."""
    shorter = list_shorter(difference.outcome.program)
    for start in range(0, len(shorter), AT_ONCE):
        for other in attempt(shorter[start : start + AT_ONCE]):
            if other and other.signature == difference.signature:
                return other
    return None


def list_shorter(program: Program) -> list[Program]:
    """Return the legal programs with a run of steps left out, longer runs first, then those without two steps that

    stand apart: a savepoint is begun and ended, and goes as a whole only.
    """
    runs = [program[:start] + program[start + size :] for size in sizes(len(program)) for start in range(len(program) - size, -1, -1)]
    pairs = [tuple(step for place, step in enumerate(program) if place not in pair) for pair in combinations(range(len(program)), 2)]
    return [shorter for shorter in dict.fromkeys([*runs, *pairs]) if shorter and find_illegal(shorter) is None]


def sizes(length: int) -> list[int]:
    """Return how many steps to leave out at a time: half, then fewer, at last one, and two for what belongs together."""
    halves = [length >> shift for shift in range(1, length.bit_length())]
    return sorted({size for size in (*halves, 2, 1) if 0 < size < length}, reverse=True)
