"""The reviewed verdicts: reports/baseline.json.

The file lists, per stack and recipe, only the cells that are not clean, grouped by verdict and cause; every other case
of the family isolates. Cases that such a recipe did not run are listed as "absent", so nothing is lost by leaving the
clean ones out. Controls are not in it: what they must do is known and checked on every run.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from matrix.facts import JsonObject
from matrix.judging.changes import Judged, split_cell
from matrix.judging.verdicts import ISOLATES, VERDICTS

FORMAT = 1
ABSENT = "absent"


class BaselineError(Exception):
    """The baseline cannot be read; the text names the place and what to do."""


def read_baseline(path: Path) -> dict[str, Judged] | None:
    """Return the expected verdict and cause of every cell by id, None when there is no baseline yet. Raises BaselineError."""
    if not path.is_file():
        return None
    try:
        return expand(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(
            f"{path.name}: {type(error).__name__}: {error}. Take the file back from version control, or write it again with `nox -s accept`."
        ) from None


def read_date(path: Path) -> str | None:
    """Return the day on which the baseline was last reviewed, ISO 8601; None when it does not say so. Raises BaselineError."""
    if not path.is_file():
        return None
    try:
        date: str | None = json.loads(path.read_bytes()).get("date")
    except (ValueError, AttributeError) as error:
        raise BaselineError(f"{path.name}: {error}. Take the file back from version control.") from None
    return date


def expand(document: JsonObject) -> dict[str, Judged]:
    if document["format"] != FORMAT:
        raise ValueError(f"format is {document['format']}, expected {FORMAT}")
    cells = {}
    for stack, recipes in document["stacks"].items():
        for recipe, groups in recipes.items():
            listed = {case: key for key, cases in groups.items() for case in cases}
            for case in dict.fromkeys([*document["cases"][recipe.split("/")[0]], *listed]):
                if listed.get(case) != ABSENT:
                    cells[f"{stack}/{recipe}/{case}"] = parse_group(listed.get(case, ISOLATES))
    return cells


def parse_group(key: str) -> Judged:
    verdict, _, cause = key.partition(": ")
    if verdict not in VERDICTS:
        raise ValueError(f"unknown verdict {verdict!r}")
    return Judged(verdict, cause or None)


def compress(cells: Mapping[str, Judged]) -> JsonObject:
    """Return the document for these cells; the same cells always give the same document."""
    families: dict[str, set[str]] = {}
    recipes: dict[tuple[str, str], dict[str, Judged]] = {}
    for cell, judged in cells.items():
        stack, recipe, case = split_cell(cell)
        families.setdefault(recipe.split("/")[0], set()).add(case)
        recipes.setdefault((stack, recipe), {})[case] = judged
    stacks: dict[str, JsonObject] = {}
    for (stack, recipe), cases in sorted(recipes.items()):
        stacks.setdefault(stack, {})[recipe] = group(cases, families[recipe.split("/")[0]])
    return {"format": FORMAT, "cases": {family: sorted(found) for family, found in sorted(families.items())}, "stacks": stacks}


def group(judged: Mapping[str, Judged], cases: set[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for case in sorted(cases):
        if case not in judged:
            groups.setdefault(ABSENT, []).append(case)
        elif judged[case].verdict != ISOLATES:
            groups.setdefault(name_group(judged[case]), []).append(case)
    return dict(sorted(groups.items()))


def name_group(judged: Judged) -> str:
    return f"{judged.verdict}: {judged.cause}" if judged.cause else judged.verdict


def write_baseline(path: Path, cells: Mapping[str, Judged], date: str) -> None:
    """Write the baseline, one line per group of cells, so that a review reads its diff. date: of the review, ISO 8601."""
    document = compress(cells)
    lines = ["{", f' "format": {FORMAT},', f' "date": {json.dumps(date)},', ' "cases": {']
    lines += [join_block([f"  {json.dumps(family)}: {json.dumps(cases)}" for family, cases in document["cases"].items()]), " },", ' "stacks": {']
    lines += [join_block([write_stack(stack, recipes) for stack, recipes in document["stacks"].items()]), " }", "}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_stack(stack: str, recipes: JsonObject) -> str:
    blocks = []
    for recipe, groups in recipes.items():
        lines = [f"    {json.dumps(key)}: {json.dumps(cases)}" for key, cases in groups.items()]
        # A recipe without groups takes two lines too, so that its first red cell adds one line and changes none.
        blocks.append("\n".join([f"   {json.dumps(recipe)}: {{", *([join_block(lines)] if lines else []), "   }"]))
    return f"  {json.dumps(stack)}: {{\n{join_block(blocks)}\n  }}"


def join_block(parts: list[str]) -> str:
    return ",\n".join(parts)


def hash_baseline(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
