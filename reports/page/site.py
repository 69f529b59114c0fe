"""The report: static pages from results.json. They open from disk and from a web server, and never use the network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matrix.facts import JsonObject
from reports.explored.summary import read_summary
from reports.forks import compute_all
from reports.page.model import Site
from reports.page.packing import Details
from reports.page.pages import PARTS, Files, Pages
from reports.places import ROOT
from reports.stories import Story, load_stories

_STATIC = Path(__file__).parent / "static"
_GENERATED = ("recipes", "cases", "stacks", "data", "static", "stories")
_SMALL = 10_000  # cells whose pages one process has rendered before others would have begun


def write_site(
    results: dict[str, Any], details: Mapping[str, Details], directory: Path, stories: Sequence[Story] | None = None, explored: JsonObject | None = None
) -> None:
    """Write the whole report into `directory`: pages, scripts with data, downloads.

    `results` follows results.schema.json, `details` are by stack id; stories and explored: None for the repository's own.
    What an earlier call wrote there is replaced; other files are left alone. Raises OSError when a file cannot be written, StoryError, ExploredError.
    """
    site = Site(results)
    told = {stack: found.told for stack, found in details.items()}
    pages = Pages(site, told, load_stories() if stories is None else stories, read_summary(ROOT) if explored is None else explored)
    rendered = render_parts(pages)  # all of it first: a report that cannot be made leaves the old one whole
    scripts = [(f"data/{stack.script}", details[stack.id].script) for stack in site.stacks if stack.ran]
    write_files([*(file for part in rendered for file in part), *scripts], directory)


def render_parts(pages: Pages) -> list[list[tuple[str, str]]]:
    """Render all parts, on all cores when there is much of it."""
    cells = sum(len(cases) for recipes in pages.site.cells.values() for cases in recipes.values())

    def render(part: Callable[[Pages], Files]) -> list[tuple[str, str]]:
        return list(part(pages))

    return compute_all(render, list(PARTS), PARTS.__getitem__, 1 if cells < _SMALL else None)


def write_files(files: Iterable[tuple[str, str]], directory: Path) -> None:
    """Write files by name, and what every page uses, in place of what an earlier call wrote. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in _GENERATED:
        shutil.rmtree(directory / name, ignore_errors=True)
    shutil.copytree(_STATIC, directory / "static")
    for name, text in files:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
