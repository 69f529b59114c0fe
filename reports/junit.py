"""JUnit XML of the results: one suite per stack, one test case per cell.

A red cell that the baseline expects is not a failure of the run: `failure` means a verdict that drifted, `error` means
that the machine failed, `skipped` means n/a. The verdict and the cause of every cell stand in its properties.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

from matrix.disk import write_whole
from matrix.facts import JsonObject
from reports.results.origin import list_ran

# XML 1.0 has no way to write these, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}


@dataclass
class Suite:
    """A suite as text: whole results are a hundred thousand elements, and a tree of them would cost more than all else."""

    name: str
    attributes: str = ""
    cases: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, place: str, name: str, properties: str = "", outcome: str = "", **said: str) -> None:
        """Add a test case; outcome: the element of how it ended, "" for a passed one."""
        ended = f"<{outcome} {draw_attributes(**said)}/>" if outcome else ""
        self.counts[outcome] += 1
        self.cases.append(f"<testcase classname={quote(place)} name={quote(name)}>{properties}{ended}</testcase>")

    def draw(self) -> str:
        attributes = f"{draw_attributes(name=self.name)} {self.attributes}{draw_counts([self])}"
        return "\n".join([f"<testsuite {attributes}>", *self.cases, "</testsuite>"])


def write_junit(results: JsonObject, path: Path) -> None:
    """Write the JUnit file of results."""
    drift = {change["cell"]: change for change in results["drift"]}
    suites = [
        make_suite(stack, recipes, results["stacks"][stack], drift)
        for stack, recipes in results["cells"].items()
        if results["stacks"][stack]["state"] != "reviewed"
    ]
    suites += list_gone([change for change in results["drift"] if change["actual"] is None])
    head = ['<?xml version="1.0" encoding="utf-8"?>', f'<testsuites name="isolation-matrix" {draw_counts(suites)}>']
    write_whole(path, "\n".join([*head, *[suite.draw() for suite in suites], "</testsuites>\n"]), "the report")


def make_suite(stack: str, recipes: JsonObject, about: JsonObject, drift: JsonObject) -> Suite:
    suite = Suite(stack, draw_attributes(timestamp=about["ran"] or "", time=str(about["wall_s"] or 0)) + " ")
    for recipe, cases in recipes.items():
        place = f"{stack}.{recipe.replace('/', '.')}"
        for case, cell in list_ran(cases):
            outcome = find_outcome(cell, drift.get(f"{stack}/{recipe}/{case}"))
            suite.add(place, case, draw_properties(cell["verdict"], cell.get("cause"), cell.get("reason")), **outcome)
    for problem in about["problems"]:
        suite.add(stack, "controls", outcome="error", message=problem)
    return suite


def find_outcome(cell: JsonObject, change: JsonObject | None) -> dict[str, str]:
    if cell["verdict"] == "infrastructure":
        return {"outcome": "error", "message": cell.get("reason", "the machine failed")}
    if change and change["fails"]:
        return {"outcome": "failure", "type": change["change"], "message": describe_change(change)}
    if cell["verdict"] == "n/a":
        return {"outcome": "skipped", "message": cell.get("reason", "n/a")}
    return {}


def list_gone(gone: list[JsonObject]) -> list[Suite]:
    if not gone:
        return []
    suite = Suite("gone")
    for change in gone:
        suite.add("gone", change["cell"], outcome="failure", type="gone", message=describe_change(change))
    return [suite]


@lru_cache(maxsize=65_536)
def draw_properties(verdict: str, cause: str | None, reason: str | None) -> str:
    named = (("verdict", verdict), ("cause", cause), ("reason", reason))
    return f"<properties>{''.join(f'<property {draw_attributes(name=name, value=value)}/>' for name, value in named if value)}</properties>"


def draw_counts(suites: Iterable[Suite]) -> str:
    """The counts that readers of JUnit expect, of every suite and in sum of all."""
    suites = list(suites)
    sums = {name: str(sum(suite.counts[outcome] for suite in suites)) for name, outcome in OUTCOMES.items()}
    return draw_attributes(tests=str(sum(len(suite.cases) for suite in suites)), **sums)


def draw_attributes(**attributes: str) -> str:
    return " ".join([f"{name}={quote(value)}" for name, value in attributes.items()])


@lru_cache(maxsize=65_536)
def quote(value: str) -> str:
    """A value as XML has it in an attribute; most come again and again."""
    return quoteattr(clean(value))


def describe_change(change: JsonObject) -> str:
    """Return one line: "regressed: isolates -> leaks (outer_commit)"."""
    before, now = describe_side(change["expected"]), describe_side(change["actual"])
    return f"{change['change']}: {before} -> {now}"


def describe_side(side: JsonObject | None) -> str:
    if side is None:
        return "absent"
    return f"{side['verdict']} ({side['cause']})" if side["cause"] else side["verdict"]


def clean(text: str) -> str:
    return text if text.isascii() and text.isprintable() else FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
