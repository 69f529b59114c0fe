"""The pages of the report by part: each part is rendered by itself, so that all cores have one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson
from jinja2 import Environment

from matrix.facts import JsonObject
from reports.explored.views import compare_lines as explored_lines
from reports.explored.views import view_recipe
from reports.page.downloads import render_csv
from reports.page.embedding import render_script
from reports.page.grid import build_case_grid, build_matrix, build_recipe_grid, build_stack_grid
from reports.page.model import Site, page_of_case, page_of_recipe
from reports.page.scripts import build_cells, build_code, build_index
from reports.page.stories import SHOWN, answer_claims, collect_timelines, compare_stacks, list_solutions, list_stacks
from reports.page.templating import open_templates, render
from reports.page.views import compare_lines, group_missing, list_bad, list_losses, summarize_costs, summarize_stacks
from reports.page.wholes import list_uses, list_wholes
from reports.stories import Story

# Names of files, relative to the site, and their text.
Files = Iterator[tuple[str, str]]


@dataclass
class Pages:
    """What the pages are made of. told: details of the cells that stories tell of, by stack; explored: the summary of exploring."""

    site: Site
    told: dict[str, JsonObject]
    stories: Sequence[Story]
    explored: JsonObject

    @cached_property
    def env(self) -> Environment:
        return open_templates(self.site)


def render_index(pages: Pages) -> Files:
    """The page that opens first and its data."""
    site = pages.site
    yield "index.html", render(pages.env, "index", "", view="Matrix", matrix=build_matrix(site), missing=group_missing(site))
    yield "data/index.js", render_script("index", "", build_index(site))


def render_overviews(pages: Pages) -> Files:
    for name in ("recipes", "cases", "stacks", "causes", "cell", "about"):
        yield f"{name}.html", render(pages.env, name, "", view=name.title())
    changes = [change for change in explored_lines(pages.explored) if change.recipe in pages.site.recipes]
    yield "upgrade.html", render(pages.env, "upgrade", "", view="Upgrade", explored=pages.explored, explored_changes=changes)
    results = pages.site.results
    yield "changes.html", render(pages.env, "changes", "", view="Changes", comparison=results["comparison"], coming=results.get("coming"))


def render_recipes(pages: Pages) -> Files:
    site, root = pages.site, "../../"
    for recipe, about in site.recipes.items():
        parts = {
            "stacks": summarize_stacks(site, recipe), "grid_of": build_recipe_grid(site, recipe, root), "steps": compare_lines(site, recipe),
            "wholes": list_wholes(site, recipe), "uses": list_uses(site, recipe), "costs": summarize_costs(site, recipe), "losses": list_losses(site, recipe),
            "explored": view_recipe(pages.explored, recipe, about["sha256"]),
        }  # fmt: skip
        yield page_of_recipe(recipe), render(pages.env, "recipe", root, view="Recipes", recipe=recipe, about=about, **parts)


def render_cases(pages: Pages) -> Files:
    for case, about in pages.site.cases.items():
        grid = build_case_grid(pages.site, case, "../")
        yield page_of_case(case), render(pages.env, "case", "../", view="Cases", case=case, about=about, grid_of=grid)


def render_stacks(pages: Pages) -> Files:
    site = pages.site
    for stack in site.stacks:
        grid = build_stack_grid(site, stack, "../")
        yield stack.page, render(pages.env, "stack", "../", view="Stacks", stack=stack, grid_of=grid, bad=list_bad(site, stack))


def render_cells(pages: Pages) -> Files:
    """The verdicts of all cells, by stack, and the text of all recipes."""
    yield "data/code.js", render_script("code", "", build_code(pages.site))
    for stack in pages.site.shown:
        yield f"data/cells/{stack.script}", render_script("cells", stack.id, build_cells(pages.site, stack))


def render_downloads(pages: Pages) -> Files:
    yield "results.json", orjson.dumps(pages.site.results).decode()
    yield "results.csv", render_csv(pages.site)


def render_stories(pages: Pages) -> Files:
    tallies = []
    for story in pages.stories:
        timelines, parts = collect_timelines(story, pages.told), answer_claims(pages.site, story, pages.told)
        tallies.append((story, Counter(found.outcome for _, _, answers in parts for found in answers)))
        yield f"stories/{story.name}.html", render_story(pages, story, {"parts": parts, "timelines": timelines})
        if timelines:
            yield f"data/stories/{story.name}.js", render_script("story", story.name, timelines)
    yield "stories.html", render(pages.env, "stories", "", view="Stories", told=tallies)


def render_story(pages: Pages, story: Story, told: JsonObject) -> str:
    site = pages.site
    shown = {
        "stacks": list_stacks(site, story), "rows": compare_stacks(site, story), "solutions": list_solutions(site, story, story.stack)[:SHOWN],
        "families": " and ".join(site.title_of_family(family) for family in story.families),
    }  # fmt: skip
    return render(pages.env, "story", "../", view="Stories", story=story, **told, **shown)


# What each part is of all work, about.
PARTS: dict[Callable[[Pages], Files], int] = {
    render_recipes: 44, render_cases: 20, render_stacks: 15, render_cells: 9, render_index: 6, render_downloads: 6, render_stories: 3, render_overviews: 2,
}  # fmt: skip
