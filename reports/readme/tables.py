"""The tables of MATRIX.md: every recipe x SQLAlchemy line, for PostgreSQL and MySQL, by family."""

from collections.abc import Iterable, Mapping

from reports.readme.words import Inputs, Words, find_columns
from reports.results.legend import WORDS
from reports.results.words import Word

PRODUCTS = {"postgresql": "PostgreSQL", "mysql": "MySQL"}
# Worst first: a column shows the worst word of its stacks.
SEVERITY = ("leaks", "hangs", "breaks", "isolates, with limits", "isolates", "n/a")
NOT_RUN, NOTHING = "·", Word("n/a", "")


def draw_tables(inputs: Inputs) -> str:
    """Return the tables in Markdown with their legend, a heading for each family."""
    columns, words = find_columns(inputs.rows, PRODUCTS), inputs.words
    families: dict[str, list[str]] = {}
    for recipe in sorted({recipe for _, recipe in words}):
        families.setdefault(recipe.split("/")[0], []).append(recipe)
    sections = [f"## {family}\n\n{draw_family(columns, words, recipes)}" for family, recipes in families.items()]
    legend = "\n".join(f"- {symbol} {word}: {meaning}" for word, (symbol, meaning) in WORDS.items())
    return "\n\n".join([f"{legend}\n- {NOT_RUN} not run\n- * drivers or server versions differ, the worst is shown", *sections])


def draw_family(columns: Mapping[tuple[str, str], list[str]], words: Words, recipes: Iterable[str]) -> str:
    """Return one family's table; a column to which nothing of the family applies is left out."""
    known = {stack for stack, _ in words}
    lines = {
        recipe: [describe_column([words.get((stack, recipe), NOTHING) for stack in stacks if stack in known]) for stacks in columns.values()]
        for recipe in recipes
    }
    kept = [place for place in range(len(columns)) if any(cells[place] not in (NOT_RUN, WORDS["n/a"][0]) for cells in lines.values())]
    heads = [f"{PRODUCTS[product]}<br>{line}" for product, line in columns]
    rows = [f"| [{recipe.split('/')[1]}](fixtures/{recipe}.py) | " + " | ".join(cells[place] for place in kept) + " |" for recipe, cells in lines.items()]
    return "\n".join(["| recipe | " + " | ".join(heads[place] for place in kept) + " |", "|---|" + "---|" * len(kept), *rows])


def describe_column(words: list[Word]) -> str:
    """Return the mark of the worst word with its number, and a star where stacks differ."""
    applying = [word for word in words if word.word != "n/a"] or words
    if not applying:
        return NOT_RUN
    return write_mark(find_worst(applying)) + (" *" if len({word.word for word in applying}) > 1 else "")


def find_worst(words: Iterable[Word]) -> Word:
    """Return the worst word, of equal ones that which more cases decided."""
    return min(words, key=lambda word: (SEVERITY.index(word.word), -word.number))


def write_mark(word: Word) -> str:
    """Return the symbol of a word and how many cases decided it."""
    return f"{WORDS[word.word][0]} {word.number}" if word.number else WORDS[word.word][0]
