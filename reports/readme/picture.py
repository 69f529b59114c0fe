"""The README's picture of the finder: what the repository itself knows of one stack, and the hash that says when it is stale."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from matrix.facts import JsonObject
from matrix.judging.causes import CAUSES
from matrix.judging.changes import Judged, split_cell
from reports.readme.words import Inputs, find_words
from reports.results.content import Content
from reports.results.legend import make_legend
from reports.results.stacks import shape_row
from reports.results.words import Word

STACK = "sa21-psycopg-postgresql18"  # of the core, so that what recipes cost on it is known
MARK = re.compile(r"<!-- picture: inputs ([0-9a-f]*) -->")
DRAWN_BY = ("style.css", "pages.css", "code.css", "start.js", "app.js", "finder.js", "cards.js")
STATIC = Path(__file__).parents[1] / "page" / "static"
EMPTY = dict.fromkeys(("ran", "age_days", "run", "server", "c_extensions", "host", "wall_s", "missing", "reason"))


class PictureError(Exception):
    """The README's picture is stale; the text says what to do."""


def make_preview(inputs: Inputs, content: Content) -> JsonObject:
    """Return results of STACK as its baseline has them: no times, no details. Raises HeadlineError for a case without a level."""
    own = {cell: judged for cell, judged in inputs.baseline.items() if split_cell(cell)[0] == STACK}
    row = next(row for row in inputs.rows if row.id == STACK)
    words = {
        recipe: describe(recipe, word, own, inputs.costs.get(STACK, {}).get(recipe))
        for (_, recipe), word in find_words(Inputs(own, (row,), inputs.levels)).items()
    }
    names = sorted({split_cell(cell)[2] for cell in own})
    cases = {name: {"title": name, "theme": "", "level": inputs.levels.get(name) or inputs.levels[name.split("[")[0]]} for name in names}
    causes = sorted({judged.cause for judged in own.values() if judged.cause})
    versions = {"python": row.python, "implementation": "", "server": "", "packages": {}}
    stack = {**EMPTY, **shape_row(row), "state": "ran", "ran": "0000-00-00", "versions": versions, "complete": True, "problems": [], "cells": len(own)}
    return {
        "format": 1, "generated": "", "families": content.families, "stacks": {STACK: stack},
        "recipes": {recipe: about for recipe, about in content.recipes.items() if recipe in words}, "cases": cases, "cells": {STACK: shape_cells(own)}, "words": {STACK: words},
        "causes": {name: {"title": CAUSES[name].title} for name in causes}, "drift": [], "unexplained": [], "notes": [], "comparison": None, "coming": None,
        "summary": {"recipes": len(words), "stacks_ran": 1, "stacks_not_run": 0, "cases": len(inputs.levels), "cells": len(own), "sentence": "", "kept": 0, "reviewed": 0},
        "baseline": {"state": "as expected", "sha256": None, "date": None}, "legend": make_legend(),
    }  # fmt: skip


def shape_cells(cells: Mapping[str, Judged]) -> JsonObject:
    shaped: dict[str, JsonObject] = {}
    for cell, judged in cells.items():
        _, recipe, case = split_cell(cell)
        shaped.setdefault(recipe, {})[case] = {"verdict": judged.verdict} | ({"cause": judged.cause} if judged.cause else {})
    return shaped


def describe(recipe: str, word: Word, cells: Mapping[str, Judged], cost: float | None) -> JsonObject:
    causes = Counter(one.cause for cell, one in cells.items() if split_cell(cell)[1] == recipe and one.cause)
    told = {name: getattr(word, name) for name in ("word", "note", "counts", "number", "lost", "judged")}
    return {**told, "cost": cost, "outdated": False, "causes": dict(causes)}


def hash_preview(preview: JsonObject) -> str:
    """The hash of what the picture shows and of the files that draw it."""
    shown = {recipe: preview["recipes"][recipe]["code"] for recipe, word in preview["words"][STACK].items() if word["word"].startswith("isolates")}
    drawn = {name: (STATIC / name).read_text(encoding="utf-8") for name in DRAWN_BY}
    return hashlib.sha256(json.dumps([preview["words"], shown, drawn], sort_keys=True).encode()).hexdigest()[:16]


def check_picture(readme: Path, preview: JsonObject) -> None:
    """Raise PictureError when the README's picture was made from other inputs."""
    found = MARK.search(readme.read_text(encoding="utf-8"))
    if not found or found[1] != hash_preview(preview):
        raise PictureError(f"{readme.name}: the picture is stale: what it shows, or how, has changed. Run `nox -s picture`.")
