"""What pages show of exploring: a recipe's shortest telling programs, and what changes between two lines."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from matrix.explore.operations import WORDS
from matrix.explore.outcome import END
from matrix.facts import JsonObject

MOST_SHOWN = 12
LINES = ("1.3", "1.4", "2.0", "2.1")


@dataclass(frozen=True)
class Telling:
    """One reason as a page shows it, with the stacks on which it is the same."""

    cause: str | None
    verdict: str
    steps: list[str]
    program: str
    got: str
    expected: str
    at: str
    left: list[str]
    errors: list[str]
    command: str
    stacks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Clean:
    """Stacks on which every program behaved as in production, with how many there were."""

    short: int
    depth: int
    random: int
    stacks: list[str]


@dataclass(frozen=True)
class Explored:
    """What exploring says of one recipe."""

    date: str
    telling: list[Telling]
    more: int
    clean: list[Clean]
    unsteady: int
    outdated: bool


@dataclass(frozen=True)
class LineChange:
    """A reason that is there on one line and not on the next, on the same driver and server."""

    recipe: str
    before: str
    after: str
    verdict: str
    cause: str | None
    program: str
    appears: bool


def view_recipe(summary: JsonObject, recipe: str, sha256: str) -> Explored | None:
    """Return what exploring says of a recipe, None when it was never explored."""
    runs = {stack: (run, run["recipes"][recipe]) for stack, run in summary["stacks"].items() if recipe in run["recipes"]}
    if not runs:
        return None
    telling = merge_reasons((stack, recipe, reason) for stack, (_, found) in runs.items() for reason in found["reasons"])
    clean: dict[tuple[int, int, int], list[str]] = {}
    for stack, (run, found) in runs.items():
        if not found["reasons"]:
            clean.setdefault((run["short"], run["depth"], run["random"]), []).append(stack)
    return Explored(
        date=min(run["explored"] for run, _ in runs.values()),
        telling=telling[:MOST_SHOWN],
        more=max(0, len(telling) - MOST_SHOWN),
        clean=[Clean(*numbers, stacks) for numbers, stacks in sorted(clean.items(), reverse=True)],
        unsteady=max(found["unsteady"] for _, found in runs.values()),
        outdated=any(found["sha256"] != sha256 for _, found in runs.values()),
    )


def merge_reasons(reasons: Iterable[tuple[str, str, JsonObject]]) -> list[Telling]:
    """Return reasons with the stacks that share them: those without a cause first, then the shorter ones."""
    found: dict[tuple[object, ...], Telling] = {}
    for stack, recipe, reason in reasons:
        key = (reason["cause"], reason["verdict"], *reason["program"], reason["got"], reason["expected"], *reason["left"], *reason["errors"])
        found.setdefault(key, show_reason(stack, recipe, reason)).stacks.append(stack)
    return sorted(found.values(), key=lambda told: (told.cause is not None, len(told.steps), -len(told.stacks)))


def show_reason(stack: str, recipe: str, reason: JsonObject) -> Telling:
    """Return a reason in words, with the command that reproduces it."""
    program, step = " ".join(reason["program"]), reason["step"]
    return Telling(
        cause=reason["cause"],
        verdict=reason["verdict"],
        steps=[WORDS.get(operation, operation) for operation in reason["program"]],
        program=program,
        got="" if step is None else reason["got"] or "done",
        expected="" if step is None else reason["expected"] or "done",
        at="" if step is None else (END if reason["operation"] == END else f"step {step + 1}"),
        left=reason["left"],
        errors=reason["errors"],
        command=f"nox -s explore -- --stack {stack} --recipe {recipe} --program {shlex.quote(program)}",
    )


def compare_lines(summary: JsonObject) -> list[LineChange]:
    """Return the reasons that appear or go from one line to the next, where driver, server and depth are the same."""
    changes = []
    for before, after in list_neighbours(summary):
        old, new = summary["stacks"][before]["recipes"], summary["stacks"][after]["recipes"]
        for recipe in sorted(old.keys() & new.keys()):
            changes += compare_reasons(recipe, before, after, old[recipe]["reasons"], new[recipe]["reasons"])
    return changes


def compare_reasons(recipe: str, before: str, after: str, old: list[JsonObject], new: list[JsonObject]) -> list[LineChange]:
    """Return what differs between the reasons of one recipe on two stacks."""
    found = []
    for appears, here, there in ((False, old, new), (True, new, old)):
        known = {(reason["verdict"], reason["cause"]) for reason in there}
        for reason in here:
            if (reason["verdict"], reason["cause"]) not in known:
                found.append(LineChange(recipe, before, after, reason["verdict"], reason["cause"], " ".join(reason["program"]), appears))
    return found


def list_neighbours(summary: JsonObject) -> list[tuple[str, str]]:
    """Return the pairs of explored stacks that differ only in the line, or in 1.4's mode, and were explored alike."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for stack, run in summary["stacks"].items():
        groups.setdefault((stack.partition("-")[2], run["depth"], run["random"], run["seed"]), []).append(stack)
    order = {stack: (LINES.index(run["line"]), run["mode"] == "future") for stack, run in summary["stacks"].items()}
    return [pair for stacks in groups.values() for pair in pairwise(sorted(stacks, key=order.__getitem__))]
