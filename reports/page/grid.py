"""Tables of marks: columns in groups, rows in sections. The same shape serves the matrix, a recipe, a case and a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from markupsafe import Markup

from reports.page.drawing import draw_row
from reports.page.model import Site, Stack, page_of_case, page_of_recipe


@dataclass(frozen=True)
class Heading:
    label: str
    span: int
    sub: str = ""


@dataclass(frozen=True)
class Column:
    id: str
    label: str
    href: str
    title: str
    note: str = ""
    sub: str = ""
    end: str = ""  # what tells it from columns that are the same until there: on a line of its own, never cut
    edge: bool = False


@dataclass(frozen=True)
class Row:
    """cells: drawn, one for each column."""

    id: str
    label: str
    href: str
    cells: Markup
    note: str = ""


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    rows: list[Row]


@dataclass(frozen=True)
class Grid:
    """A table: `groups` are the upper header line, `corner` names the rows, `columns` the lower header line.

    cells: what else names a cell beside its row and its column: ("case", "commit_twice"), None where words stand in it.
    """

    caption: str
    corner: str
    groups: list[Heading]
    columns: list[Column]
    sections: list[Section] = field(default_factory=list)
    cells: tuple[str, str] | None = None


def build_matrix(site: Site) -> Grid:
    """Recipes x stacks, those that did not run included: the word of each recipe on each stack."""
    edges = _starts(site.stacks)
    sections = [
        Section(family, site.title_of_family(family), [_row_of_words(site, recipe, edges) for recipe in recipes]) for family, recipes in site.families.items()
    ]
    return Grid("Recipes by stacks: the word of each recipe on each stack", "recipe", *_head(site.stacks), sections)


def build_recipe_grid(site: Site, recipe: str, root: str) -> Grid | None:
    """Cases x stacks of one recipe, only cases that are not clean everywhere and stacks that it ran on; None without any."""
    stacks = [stack for stack in site.stacks if site.verdicts(stack.id, recipe)]
    bad = {case for stack in stacks for case, _ in site.bad_cells(stack.id, recipe)}
    lines, sections = site.drawing.list_lines(recipe, stacks, _starts(stacks)), []
    for theme, cases in site.themes.items():
        rows = [Row(case, case, root + page_of_case(case), draw_row(lines, case)) for case in cases if case in bad]
        if rows:
            sections.append(Section(theme, theme.replace("_", " "), rows))
    return Grid(f"Cases that {recipe} does not keep, by stack", "case", *_head(stacks, root), sections, ("recipe", recipe)) if sections else None


def build_case_grid(site: Site, case: str, root: str) -> Grid:
    """Recipes x stacks for one case, on the stacks that have cells."""
    edges = _starts(site.shown)
    sections = [
        Section(
            family,
            site.title_of_family(family),
            [_row_of_recipe(recipe, root, draw_row(site.drawing.list_shown(recipe, edges), case)) for recipe in recipes],
        )
        for family, recipes in site.families.items()
    ]
    return Grid(f"Recipes by stacks: the verdict of {case}", "recipe", *_head(site.shown, root), sections, ("case", case))


def build_stack_grid(site: Site, stack: Stack, root: str) -> Grid:
    """Recipes x cases of one stack; recipes that do not apply are left out (the page lists them in words)."""
    groups = [Heading(theme.replace("_", " "), len(cases)) for theme, cases in site.themes.items()]
    firsts = {cases[0] for cases in site.themes.values()}
    columns = [Column(case, case, root + page_of_case(case), site.cases[case]["title"] or case, edge=case in firsts) for case in site.ordered_cases]
    order, sections = [(case, case in firsts) for case in site.ordered_cases], []
    for family, recipes in site.families.items():
        rows = [_row_of_recipe(recipe, root, site.drawing.draw_line(stack.id, recipe, order)) for recipe in recipes if site.verdicts(stack.id, recipe)]
        if rows:
            sections.append(Section(family, site.title_of_family(family), rows))
    return Grid(f"Recipes by cases on {stack.label}", "recipe", groups, columns, sections, ("stack", stack.id))


def _head(stacks: Sequence[Stack], root: str = "") -> tuple[list[Heading], list[Column]]:
    """The two header lines of a table whose columns are stacks."""
    edges = _starts(stacks)
    columns = [
        Column(stack.id, stack.driver, root + stack.page, stack.label, stack.note, stack.database, stack.flavour, edge)
        for stack, edge in zip(stacks, edges, strict=True)
    ]
    lines = [(line.partition(" "), len(list(group))) for line, group in groupby(stack.line for stack in stacks)]
    return [Heading(line, span, mode) for (line, _, mode), span in lines], columns


def _starts(stacks: Sequence[Stack]) -> tuple[bool, ...]:
    """For each column, whether another SQLAlchemy line begins with it."""
    lines = [stack.line for stack in stacks]
    return tuple(line != before for before, line in zip([None, *lines], lines, strict=False))


def _row_of_recipe(recipe: str, root: str, cells: Markup) -> Row:
    return Row(recipe, recipe.partition("/")[2], root + page_of_recipe(recipe), cells)


def _row_of_words(site: Site, recipe: str, edges: Sequence[bool]) -> Row:
    page = page_of_recipe(recipe)
    cells = [site.drawing.draw_word(stack, recipe, page, edge) for stack, edge in zip(site.stacks, edges, strict=True)]
    return Row(recipe, recipe.partition("/")[2], page, Markup("".join(cells)), "control" if site.recipes[recipe].get("control") else "")  # noqa: S704 - drawn
