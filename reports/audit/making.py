"""Makes the page and JUnit of an audit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from matrix.audit.findings import WORDS
from matrix.audit.telling import say_more, say_residue
from matrix.disk import write_whole
from matrix.facts import JsonObject
from reports.junit import Suite, draw_attributes, draw_counts
from reports.page.marks import find_mark
from reports.page.templating import POLICY

STATIC = Path(__file__).parents[1] / "page" / "static"
SHEETS = ("style.css", "pages.css", "code.css", "icon.svg")


def make_audit(directory: Path, fixture: JsonObject | None = None) -> Path:
    """Write index.html and junit.xml beside audit.json; returns the page. Raises OSError when there is no audit.

    fixture: what was found of the project's fixture, which has a page of its own; the only one where no suite was watched.
    """
    env = make_environment(directory)
    if fixture is not None:
        page = directory / "fixture.html"
        page.write_text(env.get_template("fixture.html.j2").render(fixture=fixture, policy=POLICY, mark=find_mark), "utf-8", newline="\n")
        if not (directory / "audit.json").exists():
            return page
    document: JsonObject = json.loads((directory / "audit.json").read_text("utf-8"))
    page = directory / "index.html"
    page.write_text(env.get_template("audit.html.j2").render(audit=document, policy=POLICY, words=WORDS, fixture=fixture), "utf-8", newline="\n")
    write_audit_junit(document, directory / "junit.xml")
    return page


def make_environment(directory: Path) -> Environment:
    """Put the style sheets beside the pages, and return what templates are rendered with."""
    static = directory / "static"
    static.mkdir(exist_ok=True)
    for name in SHEETS:
        shutil.copy(STATIC / name, static / name)
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters.update(residue=say_residue, more=say_more)
    return env


def write_audit_junit(document: JsonObject, path: Path) -> None:
    """Write one test case for each test, and one for each finding of no single test: failed when it leaves something."""
    suite = Suite(f"audit of {document['project']}")
    told: dict[str, JsonObject] = {}
    for finding in document["findings"]:
        if finding["counted"] and finding["test"]:
            told.setdefault(finding["test"], finding)
    for test in document["tests"]:
        suite.add(*name_test(test["id"]), **describe(told.pop(test["id"], None)))
    loose = [finding for finding in document["findings"] if finding["counted"] and not finding["test"]]
    for finding in [*loose, *told.values()]:
        suite.add("audit", finding["fixture"] or finding["database"], **describe(finding))
    head = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuites {draw_attributes(name='isolation-matrix-audit')} {draw_counts([suite])}>"]
    write_whole(path, "\n".join([*head, suite.draw(), "</testsuites>\n"]), "the audit")


def name_test(test: str) -> tuple[str, str]:
    """Return a test's place and name as JUnit has them."""
    place, _, name = test.partition("::")
    return place.removesuffix(".py").replace("/", "."), name


def describe(finding: JsonObject | None) -> dict[str, str]:
    if finding is None:
        return {}
    cause = f" ({finding['cause']['title']})" if finding["cause"] else ""
    return {"outcome": "failure", "type": finding["kind"], "message": "; ".join(map(say_residue, finding["residue"][:3])) + cause}
