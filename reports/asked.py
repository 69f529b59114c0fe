"""What a person asked who selected few recipes: their words, why, how to see it, and what does better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import inf

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matrix.facts import JsonObject
from matrix.judging.controls import is_control
from matrix.judging.verdicts import RED
from reports.page.choosing import START, Candidate, choose_cards
from reports.results.details import make_command
from reports.results.legend import WORDS
from reports.results.origin import list_ran
from reports.results.words import COMMON, LEVELS

FEW = 6  # recipes: more are a matrix, and the report shows it better
SHOWN_CAUSES = 3


def print_asked(results: JsonObject, console: Console) -> None:
    """Print what the recipes that ran are worth, if they are few enough to have been asked for."""
    stacks = [stack for stack, about in results["stacks"].items() if about["state"] == "ran"]
    ran = sorted({recipe for stack in stacks for recipe, cases in results["cells"].get(stack, {}).items() if not is_control(recipe) and any(list_ran(cases))})
    if not ran or len(ran) > FEW:
        return
    print_words(results, ran, stacks, console)
    for recipe in ran:
        cells = list_red(results, recipe, stacks)
        print_reasons(results, recipe, cells, console)
        print_better(results, recipe, stacks, console)


def print_words(results: JsonObject, recipes: list[str], stacks: list[str], console: Console) -> None:
    """Print recipe x stack, a word with its number in each place: a table on a terminal, else a line for each."""
    if not console.is_terminal:
        for recipe in recipes:
            for stack in stacks:
                console.print(f"{recipe} on {stack}: {tell_word(results, stack, recipe)}", highlight=False)
        return
    table = Table("stack", *recipes)
    for stack in stacks:
        table.add_row(stack, *[escape(tell_word(results, stack, recipe)) for recipe in recipes])
    console.print(table)


def tell_word(results: JsonObject, stack: str, recipe: str) -> str:
    """Return a word with its number and its cost, "n/a" where the recipe did not apply."""
    word = results["words"][stack].get(recipe)
    if word is None:
        return "–"
    number = f" {word['number']}" if word["number"] else ""
    cost = f", {word['cost']:.1f} x a bare test" if word["cost"] else ""
    return f"{WORDS[word['word']][0]}{number} {word['word']}{cost}"


def list_red(results: JsonObject, recipe: str, stacks: Iterable[str]) -> list[tuple[str, str, JsonObject]]:
    """Return stack, case and cell of what did not hold, the worst first: essential before common before limit, leaks before the rest."""
    cells = [
        (stack, case, cell) for stack in stacks for case, cell in list_ran(results["cells"].get(stack, {}).get(recipe, {})) if cell["verdict"] in RED
    ]  # fmt: skip
    return sorted(cells, key=lambda found: (LEVELS.index(results["cases"][found[1]]["level"]), not found[2]["verdict"].startswith("leaks"), found[:2]))


def print_reasons(results: JsonObject, recipe: str, cells: list[tuple[str, str, JsonObject]], console: Console) -> None:
    """Print the causes that matter most, with what to do, and the command that shows the worst cell."""
    if not cells:
        return
    counted = [cell for cell in cells if results["cases"][cell[1]]["level"] != "limit"] or cells
    for cause, count in Counter(cell["cause"] for _, _, cell in counted if cell.get("cause")).most_common(SHOWN_CAUSES):
        told = results["causes"][cause]
        console.print(f"{recipe}: {told['title']} ({count} {'cell' if count == 1 else 'cells'}). Instead: {told['instead']}", highlight=False, markup=False)
    stack, case, cell = cells[0]
    console.print(f"{recipe}: the worst, {case} {cell['verdict']}: {make_command(stack, recipe, case)}", highlight=False, markup=False, soft_wrap=True)


def print_better(results: JsonObject, recipe: str, stacks: Iterable[str], console: Console) -> None:
    """Print what the same family has that does better, and on which stacks."""
    better: dict[str, list[str]] = {}
    for stack in stacks:
        found = find_better(results["words"][stack], recipe)
        if found:
            better.setdefault(found, []).append(stack)
    for name, where in better.items():
        console.print(f"{recipe}: better is {name}, on {', '.join(where)}: {tell_word(results, where[0], name)}", highlight=False, markup=False)


def find_better(words: JsonObject, recipe: str) -> str | None:
    """Return the recipe of the family to start with on a stack, None when it is this one or no better than it."""
    family = recipe.partition("/")[0]
    found = {name: make_candidate(name, word) for name, word in words.items() if name.partition("/")[0] == family and not is_control(name)}
    start = find_start(list(found.values()))
    if start is None or recipe not in found or measure(found[start]) == measure(found[recipe]):
        return None
    return start if find_start([found[recipe], found[start]]) == start else None


def measure(one: Candidate) -> tuple[str, int, int, float]:
    """Return what makes a recipe better or worse than another."""
    return one.word, one.common, one.lost, one.cost


def find_start(candidates: list[Candidate]) -> str | None:
    """Return the recipe to start with, None when none isolates."""
    return next((card.recipe for card in choose_cards(candidates) if START in card.roles), None)


def make_candidate(recipe: str, word: JsonObject) -> Candidate:
    return Candidate(recipe, word["word"], word["lost"].get(COMMON, 0), sum(word["lost"].values()), word["cost"] or inf)
