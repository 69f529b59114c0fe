"""JUnit XML of the results: one suite per stack, one test case per cell.

A red cell that the baseline expects is not a failure of the run: `failure` means a verdict that drifted, `error` means
that the machine failed, `skipped` means n/a. The verdict and the cause of every cell stand in its properties.
"""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from matrix.disk import write_whole
from matrix.facts import JsonObject
from reports.results.origin import list_ran

# XML 1.0 has no way to write these, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(results: JsonObject, path: Path) -> None:
    """Write the JUnit file of results."""
    drift = {change["cell"]: change for change in results["drift"]}
    root = ET.Element("testsuites", name="isolation-matrix")
    for stack, recipes in results["cells"].items():
        if results["stacks"][stack]["state"] != "reviewed":
            root.append(make_suite(stack, recipes, results["stacks"][stack], drift))
    add_gone(root, [change for change in results["drift"] if change["actual"] is None])
    count_outcomes(root)
    write_whole(path, ET.tostring(root, encoding="utf-8", xml_declaration=True).decode(), "the report")


def make_suite(stack: str, recipes: JsonObject, about: JsonObject, drift: JsonObject) -> ET.Element:
    suite = ET.Element("testsuite", name=clean(stack), timestamp=about["ran"] or "", time=str(about["wall_s"] or 0))
    for recipe, cases in recipes.items():
        for case, cell in list_ran(cases):
            suite.append(make_case(stack, recipe, case, cell, drift.get(f"{stack}/{recipe}/{case}")))
    for problem in about["problems"]:
        broken = ET.SubElement(suite, "testcase", classname=clean(stack), name="controls")
        ET.SubElement(broken, "error", message=clean(problem))
    return suite


def make_case(stack: str, recipe: str, case: str, cell: JsonObject, change: JsonObject | None) -> ET.Element:
    element = ET.Element("testcase", classname=clean(f"{stack}.{recipe.replace('/', '.')}"), name=clean(case))
    properties = ET.SubElement(element, "properties")
    for name in ("verdict", "cause", "reason"):
        if cell.get(name):
            ET.SubElement(properties, "property", name=name, value=clean(cell[name]))
    if cell["verdict"] == "infrastructure":
        ET.SubElement(element, "error", message=clean(cell.get("reason", "the machine failed")))
    elif change and change["fails"]:
        ET.SubElement(element, "failure", type=change["change"], message=clean(describe_change(change)))
    elif cell["verdict"] == "n/a":
        ET.SubElement(element, "skipped", message=clean(cell.get("reason", "n/a")))
    return element


def add_gone(root: ET.Element, gone: list[JsonObject]) -> None:
    if not gone:
        return
    suite = ET.SubElement(root, "testsuite", name="gone")
    for change in gone:
        element = ET.SubElement(suite, "testcase", classname="gone", name=clean(change["cell"]))
        ET.SubElement(element, "failure", type="gone", message=clean(describe_change(change)))


def describe_change(change: JsonObject) -> str:
    """Return one line: "regressed: isolates -> leaks (outer_commit)"."""
    before, now = describe_side(change["expected"]), describe_side(change["actual"])
    return f"{change['change']}: {before} -> {now}"


def describe_side(side: JsonObject | None) -> str:
    if side is None:
        return "absent"
    return f"{side['verdict']} ({side['cause']})" if side["cause"] else side["verdict"]


def count_outcomes(root: ET.Element) -> None:
    """Write the counts that readers of JUnit expect, on every suite and in sum on the root."""
    names = (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    for element in [root, *root.findall("testsuite")]:
        element.set("tests", str(len(element.findall(".//testcase"))))
        for attribute, tag in names:
            element.set(attribute, str(len(element.findall(f".//{tag}"))))


def clean(text: str) -> str:
    return FORBIDDEN.sub("�", str(text))
