"""Data as scripts: pages opened from disk may not fetch, but they may load a script that hands over one JSON value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from matrix.pasting.projects import find_settings
from reports.page.answers import build_answers
from reports.page.highlight import split_tokens
from reports.page.marks import MARKS
from reports.page.model import Site, Stack, page_of_case, page_of_recipe
from reports.page.wholes import list_uses, pack_wirings
from reports.results.origin import RAN, REVIEWED, find_origin

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NOW, _REVIEWED, _KEPT = "_", "r", 0x100


def build_index(site: Site) -> dict[str, Any]:
    """What filters and the finder need: stacks, recipes, and per pair the word, its causes, its cost and its note."""
    causes, notes = list(site.causes), _Numbering()
    grid = [[_pack_word(site, stack, recipe, causes, notes) for stack in site.stacks] for recipes in site.families.values() for recipe in recipes]
    return {
        "marks": {name: [site.mark(name).symbol, site.mark(name).short, site.mark(name).style] for name in MARKS},
        "stacks": [_pack_stack(stack) for stack in site.stacks],
        "recipes": [_pack_recipe(site, recipe) for recipes in site.families.values() for recipe in recipes],
        "families": {family: site.title_of_family(family) for family in site.families},
        "causes": [[cause, site.title_of_cause(cause)] for cause in causes],
        "cases": [[case, page_of_case(case), site.cases[case]["title"]] for case in site.ordered_cases],
        "grid": grid,
        "notes": notes.values,
        "reviewed": site.reviewed or "",
        "runs": [run["started"] for run in site.results.get("runs", ())],
        **build_answers(site),
    }


def build_code(site: Site) -> dict[str, Any]:
    """The text of every recipe as highlighted tokens, and what stands above it in a complete file."""
    return {"recipes": {recipe: split_tokens(about["code"]) for recipe, about in site.recipes.items()}, "wirings": pack_wirings(site)}


def build_cells(site: Site, stack: Stack) -> dict[str, Any]:
    """The verdict of every cell of one stack, one character per case, and the cause of those that are not clean."""
    verdicts, causes = list(MARKS), list(site.causes)
    packed: dict[str, Any] = {}
    for recipe, cells in site.cells.get(stack.id, {}).items():
        line = "".join(_DIGITS[verdicts.index(cells[case]["verdict"])] if case in cells else "_" for case in site.ordered_cases)
        why = {
            index: causes.index(cells[case]["cause"])
            for index, case in enumerate(site.ordered_cases)
            if case in cells and cells[case].get("cause") in site.causes
        }
        packed[recipe] = [line, why, *_pack_origins([cells.get(case) for case in site.ordered_cases])]
    return {"verdicts": verdicts, "causes": causes, "cases": site.ordered_cases, "recipes": packed}


def _pack_origins(cells: list[dict[str, Any] | None]) -> list[str]:
    """One character per case: what did not run now. Only one in all when all are the same, none when all ran now."""
    marks = [_mark_origin(cell) if cell else "" for cell in cells]
    different = {mark for mark in marks if mark}
    if different <= {_NOW}:
        return []
    return [different.pop() if len(different) == 1 else "".join(mark or _NOW for mark in marks)]


def _mark_origin(cell: dict[str, Any]) -> str:
    """A kept cell's mark is the number of its run."""
    return {RAN: _NOW, REVIEWED: _REVIEWED}.get(find_origin(cell)) or chr(_KEPT + cell["kept"])


class _Numbering:
    """Texts that repeat, each kept once."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        if text not in self._places:
            self._places[text] = len(self.values)
            self.values.append(text)
        return self._places[text]


def _pack_stack(stack: Stack) -> dict[str, Any]:
    versions = stack.row["versions"] or {"packages": {}, "server": ""}
    return {
        "id": stack.id,
        "label": stack.label,
        "line": stack.line,
        "product": stack.product,
        "database": stack.database,
        "driver": stack.driver,
        "flavour": stack.flavour,
        "asynchronous": bool(stack.row["asynchronous"]),
        "python": stack.row["python"],
        "state": stack.row["state"],
        "note": stack.note,
        "page": stack.page,
        "script": stack.script,
        "sqlalchemy": versions["packages"].get("sqlalchemy", stack.row["line"]),
    }


def _pack_recipe(site: Site, recipe: str) -> dict[str, Any]:
    about = site.recipes[recipe]
    return {
        "id": recipe,
        "family": recipe.partition("/")[0],
        "title": about["title"],
        "summary": about["summary"],
        "page": page_of_recipe(recipe),
        "control": about["control"],
        "sha256": about["sha256"],
        "path": about["path"],
        "needs": list(list_needs(about["header"])),
        "settings": find_settings(about["code"]),
        "uses": list_uses(site, recipe),
        "sizes": {product: text for (product, other), text in site.sizes.items() if other == recipe},
    }


def list_needs(header: dict[str, Any]) -> Iterator[str]:
    """What a project must already have for a recipe, in words."""
    named: dict[str, str] = {}
    for text in header["dependencies"]:  # the family's own list and then the recipe's, which narrows it
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if requirement.specifier or name not in named:
            named[name] = text
    yield from named.values()
    if header["driver"]:
        yield {"async": "an asynchronous driver", "sync": "a synchronous driver"}.get(header["driver"], f"driver: {header['driver']}")
    if header["modes"]:
        yield "mode: " + " or ".join(header["modes"])
    for capability in header["capabilities"]:
        yield "server: may " + capability.replace("_", " ")


def _pack_word(site: Site, stack: Stack, recipe: str, causes: list[str], notes: _Numbering) -> list[Any] | int:
    """[word, causes, cost, note, cells not clean, the word's number] with numbers for what repeats; 0 when there is no word.

    A seventh value says that some (1) or all (2) of its cells did not run and are the baseline's.
    """
    word = site.word(stack.id, recipe)
    if not word:
        return 0
    found = sorted(causes.index(cause) for cause in site.causes_by_pair[stack.id, recipe] if cause in site.causes)
    cost = site.cost(stack, recipe)
    packed = [
        list(MARKS).index(word["word"]),
        found,
        round(cost, 2) if cost else 0,
        notes.place(word["note"]),
        sum(site.causes_by_pair[stack.id, recipe].values()),
        word.get("number", 0),
    ]
    return packed + {"": [], "part": [1], "reviewed": [2]}[site.origin(stack.id, recipe)]
