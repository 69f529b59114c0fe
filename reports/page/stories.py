"""Stories as their pages show them: what was measured beside what was claimed, what works there and after upgrading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from matrix.facts import JsonObject
from reports.page.answers import list_candidates
from reports.page.choosing import order_recipes
from reports.page.marks import GOOD, UNJUDGED
from reports.page.model import Site, Stack
from reports.stories import PARTS, Claim, Story

AS_CLAIMED, IN_PART, NOT_SEEN, NOT_RUN, MEASURED = "as claimed", "in part", "did not reproduce", "not run", "measured"
SHOWN = 3


@dataclass(frozen=True)
class Seen:
    """One cell, or with case None a recipe's word: its mark's name, and its cause, reason and first event if it is not clean."""

    case: str | None
    verdict: str
    cause: str | None = None
    reason: str = ""
    proof: str = ""
    reviewed: bool = False  # it did not run: what the baseline says


@dataclass(frozen=True)
class Answer:
    """A claim with what was seen; `outcome` says how the two compare, `missing` why nothing was seen."""

    claim: Claim
    stack: Stack | None
    seen: tuple[Seen, ...]
    outcome: str
    missing: str = ""


@dataclass(frozen=True)
class Row:
    """A recipe and its word on every stack of a story, None where it has none."""

    recipe: str
    words: tuple[dict[str, Any] | None, ...]


def answer_claims(site: Site, story: Story, details: dict[str, JsonObject]) -> list[tuple[str, str, list[Answer]]]:
    """The claims by part, each with its answer: (part, heading, answers)."""
    parts = [(part, [answer(site, claim, details) for claim in story.claims if claim.part == part]) for part in PARTS]
    return [(part, PARTS[part], answers) for part, answers in parts]


def answer(site: Site, claim: Claim, details: dict[str, JsonObject]) -> Answer:
    stack = find_stack(site, claim.stack)
    seen = tuple(look(site, claim, details)) if stack and stack.shown else ()
    if not seen:
        return Answer(claim, stack, (), NOT_RUN, explain_absence(site, claim, stack))
    if claim.claimed is None:
        return Answer(claim, stack, seen, MEASURED)
    agreeing = sum(agrees(claim.claimed, found.verdict) for found in seen)
    return Answer(claim, stack, seen, AS_CLAIMED if agreeing == len(seen) else IN_PART if agreeing else NOT_SEEN)


def look(site: Site, claim: Claim, details: dict[str, JsonObject]) -> Iterator[Seen]:
    """What the results say of the claim's cells; nothing when one of them is missing, so that no half of an answer passes for one."""
    word = site.word(claim.stack, claim.recipe)
    if word and (not claim.cases or word["word"] in UNJUDGED):
        yield Seen(None, word["word"], reason=word["note"], reviewed=site.origin(claim.stack, claim.recipe) == "reviewed")
        return
    cells = [site.cell(claim.stack, claim.recipe, case) for case in claim.cases]
    if not all(cells):
        return
    of_recipe = details.get(claim.stack, {}).get("cells", {}).get(claim.recipe, {})
    for case, cell in zip(claim.cases, cells, strict=True):
        proof = (of_recipe.get(case) or {}).get("proof") or {}
        yield Seen(
            case, cell["verdict"], cell.get("cause"), cell.get("reason", ""), proof.get("text", ""), bool(site.origin_of_cell(claim.stack, claim.recipe, case))
        )


def agrees(claimed: str, seen: str) -> bool:
    """Whether a verdict or a word is what was claimed: "leaks+breaks" both leaks and breaks, with limits is isolating too."""
    return claimed in seen.split("+") or (claimed == "isolates" and seen in GOOD)


def explain_absence(site: Site, claim: Claim, stack: Stack | None) -> str:
    if stack is None:
        return f"these results have no stack {claim.stack}"
    if not stack.shown:
        return stack.row["reason"] or "the stack was not run"
    return f"these results of {stack.id} do not hold all its cells"


def find_stack(site: Site, name: str) -> Stack | None:
    return next((stack for stack in site.stacks if stack.id == name), None)


def list_stacks(site: Site, story: Story) -> list[Stack]:
    """The story's own stack and those to upgrade to, as far as the results know them."""
    return [stack for name in (story.stack, *story.upgrades) if (stack := find_stack(site, name))]


def list_solutions(site: Site, story: Story, stack: str) -> list[str]:
    """Recipes of the story's families that isolate on the stack, the best first: word, cells that are not clean, cost."""
    column = find_stack(site, stack)
    if column is None:
        return []
    recipes = [recipe for family in story.families for recipe in site.families.get(family, ())]
    return [one.recipe for one in order_recipes(list_candidates(site, column, recipes)) if one.word in GOOD]


def compare_stacks(site: Site, story: Story) -> list[Row]:
    """The recipes of the claims, then the best on each stack, with their words on all stacks of the story."""
    stacks = list_stacks(site, story)
    best = (recipe for stack in stacks for recipe in list_solutions(site, story, stack.id)[:SHOWN])
    return [Row(recipe, tuple(site.word(stack.id, recipe) or None for stack in stacks)) for recipe in dict.fromkeys((*own_recipes(site, story), *best))]


def own_recipes(site: Site, story: Story) -> Iterable[str]:
    return (claim.recipe for claim in story.claims if claim.recipe in site.recipes)


def collect_timelines(story: Story, details: dict[str, JsonObject]) -> dict[str, dict[str, Any]]:
    """The timelines of the claims' cells, by cell: what the page draws."""
    found = {}
    for claim in story.claims:
        cells = details.get(claim.stack, {}).get("cells", {}).get(claim.recipe, {})
        for cell, case in zip(claim.cells, claim.cases, strict=True):
            if (cells.get(case) or {}).get("timeline"):
                found[cell] = {"timeline": cells[case]["timeline"], "proof": cells[case].get("proof")}
    return found
