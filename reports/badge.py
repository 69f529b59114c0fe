"""Badges that speak words: SVG, and JSON for shields.io's endpoint.

The whole matrix: as expected, drift, stale, error. A recipe on a stack: its word. A stack or a recipe: how many isolate. Never a percentage.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matrix.facts import JsonObject
from matrix.judging.controls import is_control

STALE_AFTER_DAYS = 14
PARTS = ("core", "selected")  # runs that do not speak of all promised rows
HAVING = ("ran", "earlier")  # stacks with a result of their own
COLORS = {
    "as expected": "#1a7f4b", "drift": "#b35900", "stale": "#6a737d", "error": "#b3261e",
    "isolates": "#1a7f4b", "isolates, with limits": "#4d7c0f", "leaks": "#b3261e", "breaks": "#b35900",
    "hangs": "#7c3aed", "n/a": "#6a737d",
}  # fmt: skip


@dataclass(frozen=True)
class Badge:
    """What a badge says. error makes shields show it as an error."""

    label: str
    message: str
    color: str
    error: bool = False


def make_whole_badge(results: JsonObject | None) -> Badge:
    """Badge of the whole matrix; None stands for results that could not be read."""
    state = find_state(results)
    return Badge(name_whole(results), state, COLORS[state], state == "error")


def name_whole(results: JsonObject | None) -> str:
    """A run of a part says so: its badge must not pass for one of all rows."""
    selection = results and results["summary"].get("selection")
    return f"isolation matrix, {selection}" if selection in PARTS else "isolation matrix"


def find_state(results: JsonObject | None) -> str:
    """Say how the whole stands: error before stale before drift before as expected."""
    if results is None or not has_trustworthy_run(results):
        return "error"
    partial = results["summary"].get("selection") in PARTS
    promised = [stack for stack in results["stacks"].values() if stack["promised"] and (stack["state"] == "ran" or not partial)]
    if any(stack["age_days"] is None or stack["age_days"] > STALE_AFTER_DAYS for stack in promised):
        return "stale"
    return "as expected" if results["baseline"]["state"] == "as expected" else "drift"


def has_trustworthy_run(results: JsonObject) -> bool:
    stacks = results["stacks"].values()
    return any(stack["state"] in HAVING for stack in stacks) and not any(stack["problems"] for stack in stacks)


def make_cell_badge(results: JsonObject, stack: str, recipe: str) -> Badge:
    """Badge of a recipe on a stack: "create_savepoint @ 2.1 + asyncpg: isolates, with limits: 3". Raises KeyError for unknown ones."""
    about = results["stacks"][stack]
    label = f"{recipe.split('/')[-1]} @ {name_stack(about)}"
    entry = results["words"][stack][recipe]
    return find_trouble(label, [about]) or Badge(label, tell_word(entry), COLORS[entry["word"]])


def tell_word(entry: JsonObject) -> str:
    """The word with its number: "isolates, with limits: 3". What isolates has its limits in fine print, which no badge has."""
    word, number = entry["word"], entry.get("number", 0)
    return f"{word}: {number}" if number and word != "isolates" else str(word)


def make_stack_badge(results: JsonObject, stack: str) -> Badge:
    """Badge of a stack: "isolation @ 2.1 + asyncpg: 9 of 21 recipes isolate". Raises KeyError for an unknown one."""
    about = results["stacks"][stack]
    words = [entry["word"] for recipe, entry in list_own(results["words"][stack]) if not is_control(recipe)]
    return count_isolating(f"isolation @ {name_stack(about)}", words, "recipes isolate", [about])


def make_recipe_badge(results: JsonObject, recipe: str) -> Badge:
    """Badge of a recipe everywhere: its word when it has only one, else "create_savepoint: 20 of 24 stacks isolate"."""
    found = {stack: words[recipe]["word"] for stack, words in results["words"].items() if recipe in words and is_own(words[recipe])}
    found = {stack: word for stack, word in found.items() if word != "n/a"}
    label, stacks, words = recipe.split("/")[-1], [results["stacks"][stack] for stack in found], set(found.values())
    if not found:
        return Badge(label, "n/a", COLORS["n/a"])
    if len(words) == 1:
        word = words.pop()
        return find_trouble(label, stacks) or Badge(label, word, COLORS[word])
    return count_isolating(label, list(found.values()), "stacks isolate", stacks)


def count_isolating(label: str, words: list[str], what: str, stacks: list[JsonObject]) -> Badge:
    applying = [word for word in words if word != "n/a"]
    isolating = sum(word.startswith("isolates") for word in applying)
    color = COLORS["isolates" if applying and isolating == len(applying) else "isolates, with limits" if isolating else "n/a" if not applying else "leaks"]
    return find_trouble(label, stacks) or Badge(label, f"{isolating} of {len(applying)} {what}", color)


def find_trouble(label: str, stacks: list[JsonObject]) -> Badge | None:
    """The badge that says why the results of these stacks say nothing: error before stale; None when they do."""
    if any(about["problems"] for about in stacks):
        return Badge(label, "error", COLORS["error"], error=True)
    ages = [about["age_days"] for about in stacks if about["age_days"] is not None]
    return None if ages and min(ages) <= STALE_AFTER_DAYS else Badge(label, "stale", COLORS["stale"])


def name_stack(about: JsonObject) -> str:
    line = f"{about['line']} future" if (about["line"], about["mode"]) == ("1.4", "future") else about["line"]
    return f"{line} + {about['dialect'].rsplit('+', 1)[-1]}"


def make_endpoint(badge: Badge) -> JsonObject:
    """Return the badge as shields.io's endpoint wants it: exactly its keys."""
    endpoint = {"schemaVersion": 1, "label": badge.label, "message": badge.message, "color": badge.color}
    return {**endpoint, "isError": True} if badge.error else endpoint


def draw_badge(badge: Badge) -> str:
    """Return the badge as SVG, readable without a network and by screen readers."""
    left, right = measure(badge.label), measure(badge.message)
    title = escape(f"{badge.label}: {badge.message}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3b4148"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{badge.color}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{draw_text(badge.label, left / 2, left - 10)}{draw_text(badge.message, left + right / 2, right - 10)}</g></svg>\n"
    )


def draw_text(text: str, middle: float, width: int) -> str:
    # textLength keeps the text inside its field whatever font the reader has.
    return f'<text x="{middle:g}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'


def measure(text: str) -> int:
    """Return the width in pixels of a field of 11 px Verdana, good to a few pixels."""
    narrow, wide = "ijltf.,:;'|!()[] ", "mwMW@%"
    return 10 + round(sum(4.2 if char in narrow else 10.5 if char in wide else 7 for char in text))


def list_own(words: Mapping[str, JsonObject]) -> list[tuple[str, JsonObject]]:
    """Return the words, by recipe, that a badge may speak."""
    return [(recipe, entry) for recipe, entry in words.items() if is_own(entry)]


def is_own(entry: JsonObject) -> bool:
    """Say whether a word rests on nothing that is only shown as reviewed: a badge speaks of what ran."""
    return "reviewed" not in entry


def write_badges(results: JsonObject, directory: Path) -> None:
    """Write badge.svg and badge.json of the whole, and pairs of every stack, of every recipe, and of every recipe on every stack that ran in full.

    badges/<stack>, badges/<family>/<recipe>, badges/<stack>/<family>/<recipe>, each with .svg and .json.
    """
    shutil.rmtree(directory / "badges", ignore_errors=True)  # what an earlier run found is not what this one did
    own = {stack: [recipe for recipe, _ in list_own(words)] for stack, words in results["words"].items()}
    files = BadgeFiles(directory)
    files.write(make_whole_badge(results), "badge")
    for recipe in dict.fromkeys(recipe for recipes in own.values() for recipe in recipes):
        files.write(make_recipe_badge(results, recipe), f"badges/{recipe}")
    for stack, recipes in own.items():
        if not all(map(is_control, recipes)):
            files.write(make_stack_badge(results, stack), f"badges/{stack}")
        for recipe in recipes:
            files.write(make_cell_badge(results, stack, recipe), f"badges/{stack}/{recipe}")


class BadgeFiles:
    """Badges on disk, equal ones once: stacks that differ only in a server's version often have the same."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._written: dict[Badge, Path] = {}

    def write(self, badge: Badge, name: str) -> None:
        """Write <name>.svg and <name>.json."""
        stem = self.directory / name
        stem.parent.mkdir(parents=True, exist_ok=True)
        first = self._written.setdefault(badge, stem)
        for suffix, draw in ((".svg", draw_badge), (".json", dump_endpoint)):
            path = Path(f"{stem}{suffix}")
            try:
                os.link(f"{first}{suffix}", path)
            except OSError:  # it is the first, or this file system knows no links
                path.write_text(draw(badge), encoding="utf-8")


def dump_endpoint(badge: Badge) -> str:
    return json.dumps(make_endpoint(badge)) + "\n"
