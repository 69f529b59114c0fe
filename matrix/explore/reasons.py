"""From differing programs to reasons: one cause with the shortest program that shows it, and how many more it explains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matrix.explore.naming import Named
from matrix.explore.operations import Program
from matrix.explore.outcome import END, Difference
from matrix.facts import JsonObject


def group_by_signature(differences: Iterable[Difference]) -> dict[tuple[str, ...], list[Difference]]:
    """Return differences that look alike together, the shortest of each first."""
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for difference in differences:
        groups.setdefault(difference.signature, []).append(difference)
    for signature in sorted(groups, key=len, reverse=True):
        simpler = find_simpler(signature, groups)
        if simpler:  # two things happened in one program, and each was seen alone
            groups[simpler] += groups.pop(signature)
    return {signature: sorted(group, key=length_of) for signature, group in groups.items()}


def find_simpler(signature: tuple[str, ...], groups: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Return the first of the signatures that this one is made up of, None when a part of it was never seen alone."""
    parts = [other for other in groups if other != signature and set(other) < set(signature)]
    return parts[0] if parts and set().union(*parts) == set(signature) else None


def length_of(difference: Difference) -> int:
    """Return the number of steps; a sort by it keeps the order of making among equals."""
    return len(difference.outcome.program)


def make_reasons(named: Sequence[tuple[Named, int]]) -> list[JsonObject]:
    """Return the reasons of named differences, each with how many programs looked like it; what has no cause comes first."""
    groups: dict[tuple[object, ...], list[tuple[Named, int]]] = {}
    for one, count in named:
        key = (one.cause, one.verdict) if one.cause else (None, one.verdict, *one.difference.signature)
        groups.setdefault(key, []).append((one, count))
    reasons = [make_reason(group) for group in groups.values()]
    return sorted(reasons, key=lambda reason: (reason["cause"] is not None, len(reason["program"]), -reason["count"]))


def make_reason(group: Sequence[tuple[Named, int]]) -> JsonObject:
    """Return one reason: the shortest program of the group, with what it came to."""
    shown = min((one for one, _ in group), key=lambda one: length_of(one.difference))
    difference = shown.difference
    outcome, step = difference.outcome, difference.step
    return {
        "cause": shown.cause,
        "verdict": shown.verdict,
        "program": list(outcome.program),
        "count": sum(count for _, count in group),
        "step": step,
        "operation": None if step is None else (*outcome.program, END)[step],
        "got": None if step is None or outcome.saw is None else outcome.saw[step],
        "expected": None if step is None else difference.expected[step],
        "left": sorted({say_left(*found) for found in outcome.left}),
        "errors": [f"{phase}: {kind}" for phase, kind in outcome.errors],
        "ended": outcome.ended,
        "proof": shown.proof,
    }


def say_left(kind: str, thing: str) -> str:
    """Return in words what stayed in the database."""
    return f"{kind.replace('_', ' ')}: {thing}" if thing else kind.replace("_", " ")


def list_programs_of(reasons: Iterable[JsonObject]) -> set[Program]:
    """Return the programs that reasons show."""
    return {tuple(reason["program"]) for reason in reasons}
