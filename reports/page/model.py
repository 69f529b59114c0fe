"""Results arranged the way every view needs them: ordered stacks, families with their recipes, one look-up per question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median
from typing import Any

from matrix.facts import JsonObject
from matrix.plan.rows import name_line
from reports.page.drawing import Drawing
from reports.page.marks import CLEAN, UNJUDGED, WORDS, Mark, find_mark
from reports.page.text import name_file
from reports.results.origin import REVIEWED, find_origin
from reports.results.stacks import UNPLANNED

PRODUCTS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
FAMILIES = (
    "plain",
    "asyncio",
    "ideas",
    "ideas_asyncio",
    "flask",
    "fastapi",
    "fastapi_sqla",
    "litestar",
    "unit_of_work",
    "pyramid",
    "plugins",
    "plugins_asyncio",
)
LEVELS = ("essential", "common", "limit")


@dataclass(frozen=True)
class Stack:
    """One column: the row of the stack, named for people. `line` carries the mode where the mode makes a difference."""

    id: str
    row: dict[str, Any] = field(repr=False)
    reviewed: str | None = None  # when the baseline was

    @property
    def line(self) -> str:
        return name_line(str(self.row.get("line", "?")), self.row.get("mode"))

    @property
    def product(self) -> str:
        return str(self._database.get("product", "?"))

    @property
    def database(self) -> str:
        return f"{PRODUCTS.get(self.product, self.product)} {self._database.get('major', '')}".strip()

    @property
    def driver(self) -> str:
        dialect = str(self.row.get("dialect") or self.row.get("driver") or "?")
        return dialect.rpartition("+")[2].replace("_async", " async")

    @property
    def flavour(self) -> str:
        """What sets it apart beside line, driver and database, as its id says: "py38", "flask"."""
        return self.id.partition(f"-{self._database.get('id')}-")[2].replace("-", " ")

    @property
    def label(self) -> str:
        return ", ".join(filter(None, (f"SQLAlchemy {self.line}", self.driver, self.database, self.flavour)))

    @property
    def shown(self) -> bool:
        """True when it has cells to show: its own, or those of the baseline."""
        return bool(self.row["state"] != "not run")

    @property
    def ran(self) -> bool:
        """True when it has a result of its own, of this run or of an earlier one."""
        return self.row["state"] in ("ran", "earlier")

    @property
    def fresh(self) -> bool:
        """True when its result is of this run."""
        return bool(self.row["state"] == "ran")

    @property
    def note(self) -> str:
        """Why the column is not of this run: its date, "reviewed", or "not run"; empty for a fresh one."""
        if self.row["state"] == "reviewed":
            return tell_review(self.reviewed)
        return "" if self.fresh else f"result of {self.row['ran'][:10]}" if self.ran else "not run"

    @property
    def page(self) -> str:
        return f"stacks/{name_file(self.id)}.html"

    @property
    def script(self) -> str:
        return f"{name_file(self.id)}.js"

    @property
    def order(self) -> tuple[Any, ...]:
        return (
            _split_numbers(self.line),
            self.row.get("mode") == "future",
            self.flavour,
            self.product != "postgresql",
            self.product == "mariadb",
            self.product,
            _split_numbers(str(self._database.get("major", ""))),
            self.driver,
            self.id,
        )

    @property
    def _database(self) -> dict[str, Any]:
        database = self.row.get("database") or {}
        return database if isinstance(database, dict) else {"product": str(database)}


def _split_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split()[0].split(".") if part.isdigit()) if text.strip() else ()


def tell_review(date: str | None) -> str:
    """How a result of the baseline is marked: "reviewed 2026-11-22"."""
    return f"reviewed {date}" if date else "reviewed"


def page_of_recipe(recipe: str) -> str:
    """The page of a recipe, relative to the site: `recipes/plain/create_savepoint.html`."""
    family, _, name = recipe.partition("/")
    return f"recipes/{name_file(family)}/{name_file(name)}.html"


def page_of_case(case: str) -> str:
    """The page of a case, relative to the site: `cases/commit_twice.html`."""
    return f"cases/{name_file(case)}.html"


class Site:
    """Read-only view of results.json. Raises KeyError when a required part is missing (the schema forbids it)."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results
        self._marks: dict[str, Mark] = {}
        self.recipes: dict[str, JsonObject] = results["recipes"]
        self.cases: dict[str, JsonObject] = results["cases"]
        self.causes: dict[str, JsonObject] = results["causes"]
        self.words: dict[str, JsonObject] = results["words"]
        self.cells: dict[str, JsonObject] = results["cells"]

    @cached_property
    def stacks(self) -> list[Stack]:
        return sorted((Stack(id, row, self.reviewed) for id, row in self.results["stacks"].items()), key=lambda stack: stack.order)

    @cached_property
    def shown(self) -> list[Stack]:
        """Stacks with cells to show, of their own or of the baseline."""
        return [stack for stack in self.stacks if stack.shown]

    @cached_property
    def missing(self) -> list[Stack]:
        """Stacks that were to run and have no result of their own."""
        return [stack for stack in self.stacks if not stack.ran and stack.row["reason"] != UNPLANNED]

    @property
    def reviewed(self) -> str | None:
        """When the baseline was reviewed whose results are shown where nothing ran."""
        date: str | None = self.results["baseline"].get("date")
        return date

    @property
    def told_review(self) -> str:
        return tell_review(self.reviewed)

    @cached_property
    def families(self) -> dict[str, list[str]]:
        """Recipes by family, plain SQLAlchemy first; a family's controls stand last."""
        listed: dict[str, list[str]] = {family: [] for family in (*FAMILIES, *self.results["families"])}
        for recipe in sorted(self.recipes, key=lambda id: (bool(self.recipes[id].get("control")), id)):
            listed.setdefault(recipe.partition("/")[0], []).append(recipe)
        return {family: recipes for family, recipes in listed.items() if recipes}

    @cached_property
    def themes(self) -> dict[str, list[str]]:
        listed: dict[str, list[str]] = {}
        for case in sorted(self.cases, key=self._order_case):
            listed.setdefault(self.cases[case].get("theme") or "other", []).append(case)
        return listed

    def _order_case(self, case: str) -> tuple[str, int, str]:
        about = self.cases[case]
        level = about.get("level")
        return (about.get("theme") or "", LEVELS.index(level) if level in LEVELS else 9, case)

    @cached_property
    def ordered_cases(self) -> list[str]:
        return [case for cases in self.themes.values() for case in cases]

    @cached_property
    def drawing(self) -> Drawing:
        """The cells of the tables, each drawn once."""
        return Drawing(self)

    def word(self, stack: str, recipe: str) -> dict[str, Any]:
        return self.words.get(stack, {}).get(recipe) or {}

    def verdicts(self, stack: str, recipe: str) -> dict[str, JsonObject]:
        return self.cells.get(stack, {}).get(recipe) or {}

    def cell(self, stack: str, recipe: str, case: str) -> dict[str, Any]:
        return self.verdicts(stack, recipe).get(case) or {}

    def origin(self, stack: str, recipe: str) -> str:
        """How much of a word was not run: "" none, "part" some cells, "reviewed" all of them."""
        reviewed = self.word(stack, recipe).get("reviewed")
        return "" if not reviewed else "reviewed" if reviewed == "all" else "part"

    def origin_of_cell(self, stack: str, recipe: str, case: str) -> str:
        """The same for one cell."""
        return "reviewed" if find_origin(self.cell(stack, recipe, case)) == REVIEWED else ""

    def bad_cells(self, stack: str, recipe: str) -> Iterator[tuple[str, JsonObject]]:
        """Cases of this recipe on this stack that were judged and are not clean, in the order of the themes."""
        verdicts = self.verdicts(stack, recipe)
        for case in self.ordered_cases:
            cell = verdicts.get(case)
            if cell and cell.get("verdict") not in CLEAN | UNJUDGED:
                yield case, cell

    @cached_property
    def causes_by_pair(self) -> dict[tuple[str, str], Counter[str]]:
        """How many cells each cause explains, by (stack, recipe)."""
        return {
            (stack.id, recipe): Counter(cell.get("cause") or "unexplained" for _, cell in self.bad_cells(stack.id, recipe))
            for stack in self.stacks
            for recipe in self.words.get(stack.id, {})
        }

    def tally(self, recipe: str) -> list[tuple[str, int]]:
        """How many stacks give the recipe each word, in the order of the legend; stacks where it does not apply are left out."""
        counts = Counter(self.word(stack.id, recipe).get("word") for stack in self.stacks)
        return [(word, counts[word]) for word in WORDS if counts[word] and word not in UNJUDGED]

    def mark(self, name: str) -> Mark:
        """How a word or verdict looks; symbol and meaning are those of the results' legend."""
        if name not in self._marks:
            mark, legend = find_mark(name), self.results["legend"]
            entry = legend["words"].get(name) or legend["verdicts"].get(name)
            self._marks[name] = replace(mark, symbol=entry["symbol"], means=entry["meaning"]) if entry else mark
        return self._marks[name]

    @cached_property
    def costs(self) -> dict[tuple[str, str], list[float]]:
        """The recipe's cost on every stack with the database, by (product, recipe), sorted.

        Recipes run one after the other on a machine that is never equally busy; several stacks even that out.
        """
        costs: dict[tuple[str, str], list[float]] = {}
        for stack in self.stacks:
            for recipe, word in self.words.get(stack.id, {}).items():
                if word["cost"]:
                    costs.setdefault((stack.product, recipe), []).append(word["cost"])
        return {place: sorted(found) for place, found in costs.items()}

    def cost(self, stack: Stack, recipe: str) -> float | None:
        """Time of a test relative to the same application without isolation: median of the stacks with the same database."""
        found = self.costs.get((stack.product, recipe))
        return median(found) if found else None

    def title_of_cause(self, cause: str) -> str:
        return (self.causes.get(cause) or {}).get("title") or cause.replace("_", " ")

    def title_of_family(self, family: str) -> str:
        return (self.results["families"].get(family) or {}).get("title") or family
