"""The results as one file, for other programs."""

from __future__ import annotations

import csv
import io

from reports.page.model import Site
from reports.results.origin import find_origin


def render_csv(site: Site) -> str:
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
