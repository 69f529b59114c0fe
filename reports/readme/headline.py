"""The headline table of the README: recipe x SQLAlchemy line, for PostgreSQL and MySQL.

It is made from what the repository holds (the baseline, the rows, the cases' levels), so anybody can check without a
run whether it is stale: the hash of these inputs stands in its first marker.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from matrix.judging.changes import Judged
from matrix.plan.rows import Stack
from reports.results.legend import WORDS
from reports.results.reviewed import arrange_cells, find_level, list_reviewed
from reports.results.words import find_word

BEGIN, END = "<!-- headline: begin, inputs {} -->", "<!-- headline: end -->"
BLOCK = re.compile(r"<!-- headline: begin(?:, inputs ([0-9a-f]*))? -->.*?<!-- headline: end -->", re.DOTALL)
PRODUCTS = {"postgresql": "PostgreSQL", "mysql": "MySQL"}
# Worst first: a column shows the worst word of its stacks.
SEVERITY = ("leaks", "hangs", "breaks", "isolates, with limits", "isolates", "n/a")
NOT_RUN = "not run"
FIRST = ("plain", "asyncio")  # families whose tables stand open


class HeadlineError(Exception):
    """The README has no place for the table, or its table is stale; the text says what to do."""


@dataclass(frozen=True)
class Inputs:
    """baseline: judged cells by id; rows: Stack objects; levels: case id -> level."""

    baseline: Mapping[str, Judged]
    rows: Collection[Stack]
    levels: Mapping[str, str]

    def hash(self) -> str:
        cells = {cell: [judged.verdict, judged.cause] for cell, judged in self.baseline.items()}
        rows = sorted([row.id, row.line, row.mode, row.database.product] for row in self.rows)
        text = json.dumps([cells, rows, dict(self.levels)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_headline(readme: Path, inputs: Inputs) -> bool:
    """Put the table between the README's markers; return whether the file changed. Raises HeadlineError."""
    text = readme.read_text(encoding="utf-8")
    new = replace_block(text, inputs, readme.name)
    if new != text:
        readme.write_text(new, encoding="utf-8")
    return new != text


def check_headline(readme: Path, inputs: Inputs) -> None:
    """Raise HeadlineError when the README's table was made from other inputs or edited by hand."""
    text = readme.read_text(encoding="utf-8")
    found = BLOCK.search(text)
    if found and found.group(1) != inputs.hash():
        raise HeadlineError(f"{readme.name}: the headline table is stale: its inputs changed. Run `nox -s headline`.")
    if replace_block(text, inputs, readme.name) != text:
        raise HeadlineError(f"{readme.name}: the headline table is not what its inputs give. Run `nox -s headline`.")


def replace_block(text: str, inputs: Inputs, name: str) -> str:
    if not BLOCK.search(text):
        raise HeadlineError(f"{name}: no place for the headline table; put '<!-- headline: begin -->' and '{END}' where it belongs")
    block = "\n".join([BEGIN.format(inputs.hash()), draw_table(inputs), END])
    return BLOCK.sub(lambda found: block, text, count=1)


def draw_table(inputs: Inputs) -> str:
    """Return the tables in Markdown with their legend: the first families open, the others one click away."""
    columns, words = find_columns(inputs.rows), find_words(inputs)
    families: dict[str, list[str]] = {family: [] for family in FIRST}
    for recipe in sorted({recipe for _, recipe in words}):
        families.setdefault(recipe.split("/")[0], []).append(recipe)
    tables = {family: draw_family(columns, words, recipes) for family, recipes in families.items() if recipes}
    folded = [f"<details><summary>family {family}</summary>\n\n{table}\n\n</details>" for family, table in tables.items() if family not in FIRST]
    legend = "; ".join(f"{symbol} {word}: {meaning}" for word, (symbol, meaning) in WORDS.items())
    shown = [tables[family] for family in FIRST if family in tables]
    return "\n\n".join([*shown, *folded, f"{legend}; * drivers or server versions differ, the worst is shown."])


def draw_family(columns: Mapping[tuple[str, str], list[str]], words: Mapping[tuple[str, str], str], recipes: Iterable[str]) -> str:
    """Return one family's table; a column to which nothing of the family applies is left out."""
    lines = {
        recipe: [describe_column([words.get((stack, recipe), absent(stack, words)) for stack in stacks]) for stacks in columns.values()] for recipe in recipes
    }
    kept = [place for place in range(len(columns)) if any(not cells[place].endswith("n/a") for cells in lines.values())]
    heads = [f"{PRODUCTS[product]}<br>{line}" for product, line in columns]
    rows = [f"| `{recipe}` | " + " | ".join(cells[place] for place in kept) + " |" for recipe, cells in lines.items()]
    return "\n".join(["| recipe | " + " | ".join(heads[place] for place in kept) + " |", "|---|" + "---|" * len(kept), *rows])


def find_columns(rows: Iterable[Stack]) -> dict[tuple[str, str], list[str]]:
    """Return (product, SQLAlchemy line) -> ids of its stacks, in reading order."""
    columns: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.database.product in PRODUCTS:
            line = f"{row.line} {row.mode}" if row.line == "1.4" else row.line
            columns.setdefault((row.database.product, line), []).append(row.id)
    order = list(PRODUCTS)
    return dict(sorted(columns.items(), key=lambda item: (order.index(item[0][0]), item[0][1].replace("legacy", "").strip())))


def find_words(inputs: Inputs) -> dict[tuple[str, str], str]:
    """Return (stack, recipe) -> word, computed from the baseline's verdicts. Raises HeadlineError for a case that is gone."""
    words = {}
    for stack, recipes in arrange_cells(inputs.baseline).items():
        for recipe, cells in recipes.items():
            gone = next((case for case in cells if find_level(inputs.levels, case) is None), None)
            if gone:
                raise HeadlineError(f"the baseline speaks of case {gone!r}, which cases/ does not have; run `nox -s matrix` and `nox -s accept`")
            words[stack, recipe] = find_word(list_reviewed(inputs.levels, cells)).word
    return words


def absent(stack: str, words: Mapping[tuple[str, str], str]) -> str:
    """A stack that has results has none for a recipe only because the recipe does not apply."""
    return "n/a" if any(known == stack for known, _ in words) else NOT_RUN


def describe_column(words: list[str]) -> str:
    known = {word for word in words if word != NOT_RUN}
    applying = known - {"n/a"} or known
    if not applying:
        return f"· {NOT_RUN}"
    worst = min(applying, key=SEVERITY.index)
    return f"{WORDS[worst][0]} {worst}{' *' if len(applying) > 1 else ''}"
