"""Complete files on the page: what stands above a recipe's text, once for the SQLAlchemy lines for which it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matrix.pasting.wiring import list_asked, write_wiring
from reports.page.highlight import split_tokens
from reports.page.marks import UNJUDGED
from reports.page.model import Site


@dataclass(frozen=True)
class Whole:
    """The wiring of a recipe, and the lines of the stacks on which it applies that it is made for."""

    lines: tuple[str, ...]
    wiring: str

    @property
    def label(self) -> str:
        return f"SQLAlchemy {', '.join(self.lines)}"


def list_wholes(site: Site, recipe: str) -> list[Whole]:
    """The wirings of a recipe, the newest line's first; none for a control, and where its family has none."""
    about, lines = site.recipes[recipe], list_lines(site, recipe)
    if about["control"]:
        return []
    found: dict[str, list[str]] = {}
    for line in lines:
        wiring = _ask(write_wiring, recipe, about["code"], line)
        if wiring:
            found.setdefault(wiring, []).append(line)
    return [Whole(tuple(reversed(made)), wiring) for wiring, made in found.items()]


def list_lines(site: Site, recipe: str) -> list[str]:
    """The SQLAlchemy lines of the stacks on which a recipe applies, the newest first."""
    applies = [stack.line for stack in site.stacks if site.word(stack.id, recipe).get("word", "n/a") not in UNJUDGED]
    return list(dict.fromkeys(reversed(applies)))


def list_uses(site: Site, recipe: str) -> list[str]:
    """The fixtures of a project that a recipe asks for."""
    wholes = list_wholes(site, recipe)
    return _ask(list_asked, recipe, site.recipes[recipe]["code"], wholes[0].lines[0]) or [] if wholes else []


def pack_wirings(site: Site) -> dict[str, Any]:
    """Each wiring once, as highlighted tokens, and for every recipe and line the number of its own."""
    texts: dict[str, int] = {}
    recipes = {recipe: dict(_number(list_wholes(site, recipe), texts)) for recipe in site.recipes}
    return {"texts": [split_tokens(text) for text in texts], "recipes": {recipe: lines for recipe, lines in recipes.items() if lines}}


def _number(wholes: list[Whole], texts: dict[str, int]) -> Iterator[tuple[str, int]]:
    for whole in wholes:
        for line in whole.lines:
            yield line, texts.setdefault(whole.wiring, len(texts))


def _ask(question: Any, *about: str) -> Any:
    """The text of an older result may be of another time, or no Python at all: it is offered alone then."""
    try:
        return question(*about)
    except SyntaxError:
        return None
