"""Tables of marks: columns in groups, rows in sections. The same shape serves the matrix, a recipe, a case and a stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from markupsafe import Markup, escape

from reports.page.marks import Mark
from reports.page.model import Site, Stack, page_of_case, page_of_recipe
from reports.page.text import quote_names


@dataclass(frozen=True)
class Heading:
    label: str
    span: int


@dataclass(frozen=True)
class Column:
    id: str
    label: str
    href: str
    title: str
    note: str = ""
    sub: str = ""
    edge: bool = False


@dataclass(frozen=True)
class Entry:
    """origin: "reviewed" for what did not run, "part" for a word of which some cells did not, else ""."""

    mark: Mark
    href: str | None = None
    origin: str = ""


@dataclass(frozen=True)
class Row:
    id: str
    label: str
    href: str
    entries: list[Entry | None]
    note: str = ""


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    rows: list[Row]


@dataclass(frozen=True)
class Grid:
    """A table: `groups` are the upper header line, `corner` names the rows, `columns` the lower header line."""

    caption: str
    corner: str
    groups: list[Heading]
    columns: list[Column]
    sections: list[Section] = field(default_factory=list)


def build_matrix(site: Site) -> Grid:
    """Recipes x stacks, those that did not run included: the word of each recipe on each stack."""
    sections = [Section(family, site.title_of_family(family), [_row_of_words(site, recipe) for recipe in recipes]) for family, recipes in site.families.items()]
    return _stack_grid(site.stacks, "Recipes by stacks: the word of each recipe on each stack", "recipe", sections)


def build_recipe_grid(site: Site, recipe: str, root: str) -> Grid | None:
    """Cases x stacks of one recipe, only cases that are not clean everywhere and stacks that it ran on; None without any."""
    stacks = [stack for stack in site.stacks if site.verdicts(stack.id, recipe)]
    bad = {case for stack in stacks for case, _ in site.bad_cells(stack.id, recipe)}
    sections = []
    for theme, cases in site.themes.items():
        rows = [Row(case, case, root + page_of_case(case), _entries_of(site, stacks, recipe, case, root)) for case in cases if case in bad]
        if rows:
            sections.append(Section(theme, theme.replace("_", " "), rows))
    return _stack_grid(stacks, f"Cases that {recipe} does not keep, by stack", "case", sections, root) if sections else None


def build_case_grid(site: Site, case: str, root: str) -> Grid:
    """Recipes x stacks for one case, on the stacks that have cells."""
    sections = [
        Section(
            family,
            site.title_of_family(family),
            [Row(recipe, recipe.partition("/")[2], root + page_of_recipe(recipe), _entries_of(site, site.shown, recipe, case, root)) for recipe in recipes],
        )
        for family, recipes in site.families.items()
    ]
    return _stack_grid(site.shown, f"Recipes by stacks: the verdict of {case}", "recipe", sections, root)


def build_stack_grid(site: Site, stack: Stack, root: str) -> Grid:
    """Recipes x cases of one stack; recipes that do not apply are left out (the page lists them in words)."""
    groups = [Heading(theme.replace("_", " "), len(cases)) for theme, cases in site.themes.items()]
    firsts = {cases[0] for cases in site.themes.values()}
    columns = [Column(case, case, root + page_of_case(case), site.cases[case]["title"] or case, edge=case in firsts) for case in site.ordered_cases]
    sections = []
    for family, recipes in site.families.items():
        rows = [
            Row(recipe, recipe.partition("/")[2], root + page_of_recipe(recipe), [_entry(site, stack.id, recipe, case, root) for case in site.ordered_cases])
            for recipe in recipes
            if site.verdicts(stack.id, recipe)
        ]
        if rows:
            sections.append(Section(family, site.title_of_family(family), rows))
    return Grid(f"Recipes by cases on {stack.label}", "recipe", groups, columns, sections)


def render_cells(entries: list[Entry | None], columns: list[Column]) -> Markup:
    """The cells of one row. Written here and not in the template because a report has hundreds of thousands of them."""
    pieces = []
    for entry, column in zip(entries, columns, strict=True):
        edge = " edge" if column.edge else ""
        if entry is None:
            pieces.append(f'<td class="none{edge}"></td>')
        else:
            style, inner = _render_mark(entry.mark, entry.origin)
            link = f'<a href="{escape(entry.href)}">{inner}</a>' if entry.href else inner
            pieces.append(f'<td class="{style}{edge}">{link}</td>')
    return Markup("".join(pieces))  # noqa: S704 - every piece is escaped above


@lru_cache(maxsize=64)
def _render_mark(mark: Mark, origin: str) -> tuple[str, str]:
    return str(escape(f"{mark.style} {origin}".strip())), f"{escape(mark.symbol)}<i> {escape(mark.short)}</i>"


def _stack_grid(stacks: list[Stack], caption: str, corner: str, sections: list[Section], root: str = "") -> Grid:
    columns = [
        Column(stack.id, stack.driver, root + stack.page, stack.label, stack.note, f"{stack.database} {stack.flavour}".strip(), index in _starts(stacks))
        for index, stack in enumerate(stacks)
    ]
    lines = [Heading(label, len(list(group))) for label, group in groupby(stack.line for stack in stacks)]
    return Grid(caption, corner, lines, columns, sections)


def _starts(stacks: list[Stack]) -> set[int]:
    """The columns where another SQLAlchemy line begins."""
    return {index for index, stack in enumerate(stacks) if index == 0 or stack.line != stacks[index - 1].line}


def _row_of_words(site: Site, recipe: str) -> Row:
    page, about = page_of_recipe(recipe), site.recipes[recipe]
    entries: list[Entry | None] = [_entry_of_word(site, stack, recipe, page) for stack in site.stacks]
    note = "control" if about.get("control") else ""
    return Row(recipe, recipe.partition("/")[2], page, entries, note)


def _entry_of_word(site: Site, stack: Stack, recipe: str, page: str) -> Entry:
    word = site.word(stack.id, recipe).get("word")
    return Entry(site.mark(word), f"{page}#{quote_names(stack.id)}", site.origin(stack.id, recipe)) if word else Entry(site.mark("not run"))


def _entries_of(site: Site, stacks: list[Stack], recipe: str, case: str, root: str) -> list[Entry | None]:
    return [_entry(site, stack.id, recipe, case, root) for stack in stacks]


def _entry(site: Site, stack: str, recipe: str, case: str, root: str) -> Entry | None:
    verdict = site.cell(stack, recipe, case).get("verdict")
    if not verdict:
        return Entry(site.mark("n/a")) if site.word(stack, recipe).get("word") == "n/a" else None
    linked = verdict not in ("isolates", "n/a", "not run")
    href = f"{root}cell.html#{quote_names(f'{stack}/{recipe}/{case}')}" if linked else None
    return Entry(site.mark(verdict), href, site.origin_of_cell(stack, recipe, case))
