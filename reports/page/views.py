"""Answers that single views show: a recipe on every stack, what changes between lines, what is wrong on one stack."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from matrix.facts import JsonObject
from reports.page.marks import GOOD, UNJUDGED
from reports.page.model import PRODUCTS, Site, Stack
from reports.results.dominance import find_losses


@dataclass(frozen=True)
class Group:
    """Cells of one recipe on one stack that are not clean for the same reason."""

    verdict: str
    cause: str | None
    origin: str
    cases: list[str]


@dataclass(frozen=True)
class Summary:
    """A recipe on one stack: the word's entry, how many cells are clean of how many judged, its causes, and its cells that are not clean."""

    stack: Stack
    word: dict[str, Any]
    clean: int
    judged: int
    causes: list[tuple[str, int]]
    bad: list[Group]
    bad_count: int


@dataclass(frozen=True)
class Change:
    case: str
    before: str
    after: str
    cause: str | None
    where: list[str]


@dataclass(frozen=True)
class Step:
    """What changes for a recipe from one SQLAlchemy line to the next, on the same driver and server."""

    before: str
    after: str
    compared: int
    changes: list[Change]


@dataclass(frozen=True)
class Loss:
    """A case that other recipes of the family pass where this one does not: their number of stacks, most first."""

    case: str
    level: str
    stacks: int
    others: list[tuple[str, int]]


def summarize_stacks(site: Site, recipe: str) -> list[Summary]:
    """The recipe on every stack that has a word for it, in the order of the columns."""
    return [_summarize(site, stack, recipe) for stack in site.stacks if site.word(stack.id, recipe)]


def summarize_costs(site: Site, recipe: str) -> list[tuple[str, float, float, float, int, str]]:
    """What a test costs by database: its name, median, least and most of its stacks, how many they are, what it grows with."""
    return [
        (PRODUCTS[product], median(found), found[0], found[-1], len(found), site.sizes.get((product, recipe), ""))
        for product in PRODUCTS
        if (found := site.costs.get((product, recipe)))
    ]


def _summarize(site: Site, stack: Stack, recipe: str) -> Summary:
    word = site.word(stack.id, recipe)
    counts = Counter(word["counts"])
    judged = sum(number for verdict, number in counts.items() if verdict not in UNJUDGED)
    causes = site.causes_by_pair[stack.id, recipe].most_common()
    bad = group_bad(site, stack.id, recipe)
    return Summary(stack, word, counts["isolates"], judged, causes, bad, sum(len(group.cases) for group in bad))


def group_bad(site: Site, stack: str, recipe: str) -> list[Group]:
    """The cells that are not clean by verdict and cause, the most frequent first."""
    groups: dict[tuple[str, str | None, str], list[str]] = {}
    for case, cell in site.bad_cells(stack, recipe):
        groups.setdefault((cell["verdict"], cell.get("cause"), site.origin_of_cell(stack, recipe, case)), []).append(case)
    return [Group(*key, cases) for key, cases in sorted(groups.items(), key=lambda item: -len(item[1]))]


def compare_lines(site: Site, recipe: str) -> list[Step]:
    """The recipe's cells on neighbouring SQLAlchemy lines; pairs of stacks that differ only in the line are compared."""
    lines: dict[tuple[str, str, str], list[Stack]] = {}
    for stack in site.shown:
        if site.verdicts(stack.id, recipe):
            lines.setdefault((stack.database, stack.row["dialect"], stack.row["python"]), []).append(stack)
    steps: dict[tuple[str, str], list[tuple[Stack, Stack]]] = {}
    for stacks in lines.values():
        for before, after in pairwise(stacks):
            steps.setdefault((before.line, after.line), []).append((before, after))
    return [Step(*lines, len(pairs), _collect_changes(site, recipe, pairs)) for lines, pairs in sorted(steps.items())]


def _collect_changes(site: Site, recipe: str, pairs: list[tuple[Stack, Stack]]) -> list[Change]:
    found: dict[tuple[str, str, str, str | None], list[str]] = {}
    for before, after in pairs:
        for case in site.ordered_cases:
            old, new = site.cell(before.id, recipe, case), site.cell(after.id, recipe, case)
            if _differ(old, new):
                key = (case, old["verdict"], new["verdict"], new.get("cause") or old.get("cause"))
                found.setdefault(key, []).append(f"{after.driver}, {after.database}")
    return [Change(*key, where) for key, where in found.items()]


def _differ(old: JsonObject, new: JsonObject) -> bool:
    if not old or not new or UNJUDGED & {old["verdict"], new["verdict"]}:
        return False
    return bool(old["verdict"] != new["verdict"])


def list_losses(site: Site, recipe: str) -> list[Loss]:
    """Where another recipe passes and this one does not, for a recipe that keeps all essential cases wherever it applies.

    That is what readers choose among; one that fails there is not chosen, and its list would be its whole family.
    """
    if not recommendable(site, recipe):
        return []
    rivals = site.families[recipe.partition("/")[0]]
    found: dict[str, Counter[str]] = {}
    stacks: Counter[str] = Counter()
    for stack in site.shown:
        if site.verdicts(stack.id, recipe):
            verdicts = {other: {case: cell["verdict"] for case, cell in site.verdicts(stack.id, other).items()} for other in rivals}
            for case, others in find_losses(verdicts, recipe).items():
                found.setdefault(case, Counter()).update(others)
                stacks[case] += 1
    return [Loss(case, site.cases[case]["level"], stacks[case], found[case].most_common()) for case in site.ordered_cases if case in found]


def recommendable(site: Site, recipe: str) -> bool:
    words = {site.word(stack.id, recipe).get("word") for stack in site.shown} - {None, "n/a"}
    return bool(words) and words <= {*GOOD} and not site.recipes[recipe]["control"]


def group_missing(site: Site) -> list[tuple[str, list[Stack]]]:
    """Stacks that did not run, by what was missing."""
    groups: dict[str, list[Stack]] = {}
    for stack in site.missing:
        reason, missing = stack.row["reason"] or "no reason recorded", stack.row["missing"]
        groups.setdefault(f"{reason} (missing: {missing})" if missing and missing not in reason else reason, []).append(stack)
    return list(groups.items())


def list_bad(site: Site, stack: Stack) -> list[tuple[str, str, int]]:
    """Recipes of the stack with their word and number of cells that are not clean, without controls."""
    return [
        (recipe, site.word(stack.id, recipe)["word"], sum(1 for _ in site.bad_cells(stack.id, recipe)))
        for recipes in site.families.values()
        for recipe in recipes
        if site.word(stack.id, recipe) and not site.recipes[recipe]["control"]
    ]
