"""The report: static pages from results.json. They open from disk and from a web server, and never use the network."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from matrix.facts import JsonObject
from reports.explored.summary import read_summary
from reports.explored.views import compare_lines as explored_lines
from reports.explored.views import view_recipe
from reports.page.embedding import render_script
from reports.page.grid import build_case_grid, build_matrix, build_recipe_grid, build_stack_grid
from reports.page.highlight import highlight_code
from reports.page.model import Site, page_of_case, page_of_recipe
from reports.page.packing import Details
from reports.page.scripts import build_cells, build_code, build_index, list_needs
from reports.page.stories import SHOWN, answer_claims, collect_timelines, compare_stacks, list_solutions, list_stacks
from reports.page.text import check_link, group_digits, list_names, quote_names, render_inline, render_text
from reports.page.views import compare_lines, group_missing, list_bad, list_losses, summarize_costs, summarize_stacks
from reports.places import ROOT
from reports.results.origin import find_origin
from reports.stories import Story, load_stories

_HERE = Path(__file__).parent
# 'self' covers files beside the page when it is opened from disk; nothing inline runs, and no script can write markup.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types isolation-matrix"
)
_GENERATED = ("recipes", "cases", "stacks", "data", "static", "stories")


def write_site(
    results: dict[str, Any], details: Mapping[str, Details], directory: Path, stories: Sequence[Story] | None = None, explored: JsonObject | None = None
) -> None:
    """Write the whole report into `directory`: pages, scripts with data, downloads.

    `results` follows results.schema.json, `details` are by stack id; stories and explored: None for the repository's own.
    What an earlier call wrote there is replaced; other files are left alone. Raises OSError when a file cannot be written, StoryError, ExploredError.
    """
    site = Site(results)
    found = read_summary(ROOT) if explored is None else explored
    told = load_stories() if stories is None else stories
    files = {
        **render_index(site),
        **dict(_render_others(site, details, found)),
        **dict(_render_stories(site, {stack: detail.told for stack, detail in details.items()}, told)),
    }  # all of it first: a report that cannot be made leaves the old one whole
    write_files(files, directory)


def write_files(files: dict[str, str], directory: Path) -> None:
    """Write files by name, and what every page uses, in place of what an earlier call wrote. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in _GENERATED:
        shutil.rmtree(directory / name, ignore_errors=True)
    shutil.copytree(_HERE / "static", directory / "static")
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def render_index(site: Site) -> dict[str, str]:
    """The page that opens first and its data, by file name."""
    page = _render(_open_templates(site), "index", "", view="Matrix", matrix=build_matrix(site), missing=group_missing(site))
    return {"index.html": page, "data/index.js": render_script("index", "", build_index(site))}


def _render_others(site: Site, details: Mapping[str, Details], explored: JsonObject) -> Iterator[tuple[str, str]]:
    yield from _render_pages(_open_templates(site), site, explored)
    yield "data/code.js", render_script("code", "", build_code(site))
    for stack in site.shown:
        yield f"data/cells/{stack.script}", render_script("cells", stack.id, build_cells(site, stack))
    for stack in (stack for stack in site.stacks if stack.ran):
        yield f"data/{stack.script}", details[stack.id].script
    yield "results.json", orjson.dumps(site.results).decode()
    yield "results.csv", _render_csv(site)


def _render_pages(env: Environment, site: Site, explored: JsonObject) -> Iterator[tuple[str, str]]:
    for name in ("recipes", "cases", "stacks", "causes", "cell", "about"):
        yield f"{name}.html", _render(env, name, "", view=name.title())
    yield "upgrade.html", _render(env, "upgrade", "", view="Upgrade", explored=explored, explored_changes=explored_lines(explored))
    yield "changes.html", _render(env, "changes", "", view="Changes", comparison=site.results["comparison"], coming=site.results.get("coming"))
    for recipe, about in site.recipes.items():
        yield (
            page_of_recipe(recipe),
            _render(
                env,
                "recipe",
                "../../",
                view="Recipes",
                recipe=recipe,
                about=about,
                stacks=summarize_stacks(site, recipe),
                grid_of=build_recipe_grid(site, recipe, "../../"),
                steps=compare_lines(site, recipe),
                costs=summarize_costs(site, recipe),
                losses=list_losses(site, recipe),
                explored=view_recipe(explored, recipe, about["sha256"]),
            ),
        )
    for case, about in site.cases.items():
        yield page_of_case(case), _render(env, "case", "../", view="Cases", case=case, about=about, grid_of=build_case_grid(site, case, "../"))
    for stack in site.stacks:
        yield stack.page, _render(env, "stack", "../", view="Stacks", stack=stack, grid_of=build_stack_grid(site, stack, "../"), bad=list_bad(site, stack))


def _render_stories(site: Site, details: dict[str, JsonObject], stories: Sequence[Story]) -> Iterator[tuple[str, str]]:
    env, told = _open_templates(site), []
    for story in stories:
        parts, timelines = answer_claims(site, story, details), collect_timelines(story, details)
        told.append((story, Counter(found.outcome for _, _, answers in parts for found in answers)))
        yield (
            f"stories/{story.name}.html",
            _render(
                env,
                "story",
                "../",
                view="Stories",
                story=story,
                parts=parts,
                timelines=timelines,
                stacks=list_stacks(site, story),
                rows=compare_stacks(site, story),
                solutions=list_solutions(site, story, story.stack)[:SHOWN],
                families=" and ".join(site.title_of_family(family) for family in story.families),
            ),
        )
        if timelines:
            yield f"data/stories/{story.name}.js", render_script("story", story.name, timelines)
    yield "stories.html", _render(env, "stories", "", view="Stories", told=told)


def _render(env: Environment, name: str, root: str, **values: Any) -> str:
    return env.get_template(f"{name}.html.j2").render(root=root, **values)


def _open_templates(site: Site) -> Environment:
    env = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters.update(
        highlight=highlight_code,
        prose=render_text,
        inline=render_inline,
        safe_link=check_link,
        address=quote_names,
        page_of_recipe=page_of_recipe,
        page_of_case=page_of_case,
        needs=list_needs,
        names=list_names,
        thousands=group_digits,
    )
    names = ["Recipes", "Cases", "Stacks", "Causes", "Upgrade", "Stories", "Changes", "About"]
    links = [{"name": "Matrix", "href": "index.html"}] + [{"name": name, "href": f"{name.lower()}.html"} for name in names]
    env.globals.update(
        site=site, results=site.results, policy=_POLICY, navigation=links, recipe_licence="0BSD", SHOWN_CHANGES=200, generated=site.results["generated"][:10]
    )
    return env


def _render_csv(site: Site) -> str:
    """One line per judged cell, with what it rests on: it ran, was kept, or is reviewed. Cells that a spreadsheet would take for a formula are quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["stack", "recipe", "case", "verdict", "cause", "reason", "origin"])
    for stack, recipes in site.cells.items():
        for recipe, cells in recipes.items():
            place = (_defuse(stack), _defuse(recipe))
            writer.writerows(
                (*place, _defuse(case), cell["verdict"], cell.get("cause", ""), _defuse(cell.get("reason", "")), find_origin(cell))
                for case, cell in cells.items()
            )
    return out.getvalue()


def _defuse(text: str) -> str:
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
