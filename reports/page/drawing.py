"""The cells of tables as markup. A report has hundreds of thousands, so each is drawn once, and as briefly as HTML allows.

A cell of a verdict has no link of its own: the page of a cell needs script, and `static/grid.js` makes the links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from reports.page.marks import Mark
from reports.page.text import quote_names

if TYPE_CHECKING:
    from reports.page.model import Site, Stack

# A cell without and with an edge on its left.
Pair = tuple[str, str]
NOTHING: Pair = ("<td>", "<td class=edge>")
# The cells of a recipe on a stack by case, what stands in all others, and whether the column has an edge.
Line = tuple[Mapping[str, Pair], Pair, bool]


@cache
def draw_pair(mark: Mark, origin: str, number: int = 0) -> Pair:
    """The cell of a mark. origin: "reviewed" for what did not run, "part" for a word of which some cells did not, else "".

    number: how many cases decided a word; nothing is written where there is none.
    """
    counted = f" {number}" if number else ""  # no element of its own: a matrix has thousands of cells
    style, inner = escape(f"{mark.style} {origin}".strip()), f"{escape(mark.symbol)}{counted}<i> {escape(mark.short)}</i>"
    return f'<td class="{style}">{inner}', f'<td class="{style} edge">{inner}'


def draw_row(lines: Iterable[Line], case: str) -> Markup:
    """The cells of one case, one for each line."""
    return Markup("".join([cells.get(case, rest)[edge] for cells, rest, edge in lines]))  # noqa: S704 - drawn above


class Drawing:
    """The cells of one report."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lines: dict[tuple[str, str], tuple[Mapping[str, Pair], Pair]] = {}
        self._shown: dict[str, list[Line]] = {}

    @cached_property
    def not_applying(self) -> Pair:
        return draw_pair(self._site.mark("n/a"), "")

    def list_lines(self, recipe: str, stacks: Sequence[Stack], edges: Sequence[bool]) -> list[Line]:
        return [(*self._find_line(stack.id, recipe), edge) for stack, edge in zip(stacks, edges, strict=True)]

    def list_shown(self, recipe: str, edges: Sequence[bool]) -> list[Line]:
        """The same on all stacks that have cells, which every case's page asks for."""
        if recipe not in self._shown:
            self._shown[recipe] = self.list_lines(recipe, self._site.shown, edges)
        return self._shown[recipe]

    def draw_line(self, stack: str, recipe: str, cases: Iterable[tuple[str, bool]]) -> Markup:
        """The cells of a recipe on a stack, one for each case; the cases with whether they have an edge."""
        cells, rest = self._find_line(stack, recipe)
        return Markup("".join([cells.get(case, rest)[edge] for case, edge in cases]))  # noqa: S704 - drawn above

    def _find_line(self, stack: str, recipe: str) -> tuple[Mapping[str, Pair], Pair]:
        if (stack, recipe) not in self._lines:
            site = self._site
            cells = {
                case: draw_pair(site.mark(cell["verdict"]), "reviewed" if "reviewed" in cell else "") for case, cell in site.verdicts(stack, recipe).items()
            }
            self._lines[stack, recipe] = (cells, self.not_applying if site.word(stack, recipe).get("word") == "n/a" else NOTHING)
        return self._lines[stack, recipe]

    def draw_word(self, stack: Stack, recipe: str, page: str, edge: bool) -> str:
        """The word of a recipe on a stack, with a link to it on the recipe's page, which needs no script."""
        site, word = self._site, self._site.word(stack.id, recipe)
        if not word:
            return draw_pair(site.mark("not run"), "")[edge]
        cell, _, inner = draw_pair(site.mark(word["word"]), site.origin(stack.id, recipe), word.get("number", 0))[edge].partition(">")
        return f'{cell}><a href="{escape(f"{page}#{quote_names(stack.id)}")}">{inner}</a>'
