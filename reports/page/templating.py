"""The templates of the pages, with what all of them use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.page.highlight import highlight_code
from reports.page.model import Site, page_of_case, page_of_recipe
from reports.page.scripts import list_needs
from reports.page.text import check_link, group_digits, list_names, quote_names, render_inline, render_text

# 'self' covers files beside the page when it is opened from disk; nothing inline runs, and no script can write markup.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types isolation-matrix"
)


def render(env: Environment, name: str, root: str, **values: Any) -> str:
    return env.get_template(f"{name}.html.j2").render(root=root, **values)


def open_templates(site: Site) -> Environment:
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
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
        site=site, results=site.results, policy=POLICY, navigation=links, recipe_licence="0BSD", SHOWN_CHANGES=200, generated=site.results["generated"][:10]
    )
    return env
