"""What the terminal shows: the culprits first, why, and what to do; little while all is clean."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.markup import escape

from matrix.audit.auditor import Auditor
from matrix.audit.findings import WORDS
from matrix.facts import JsonObject

PACE = 5.0  # seconds between two words of progress


class Progress:
    """One line while the suite runs, renewed at a terminal; a line now and then elsewhere."""

    def __init__(self) -> None:
        self._said = time.monotonic()
        self._live = sys.stderr.isatty()

    def __call__(self, auditor: Auditor) -> None:
        """Say how far the suite is, at most every 5 s."""
        if time.monotonic() - self._said >= PACE:
            self._said = time.monotonic()
            counted = len({f.test for f in auditor.findings if f.counted})
            print(f"{len(auditor.tests)} tests, {counted} leave something", end="\r" if self._live else "\n", file=sys.stderr, flush=True)


def tell_audit(document: JsonObject, log: str) -> None:
    """Print what was found."""
    console = Console(soft_wrap=True, highlight=False)
    tests = {test["id"] for test in document["tests"]}
    counted = [finding for finding in document["findings"] if finding["counted"]]
    culprits = {finding["test"] for finding in counted if finding["test"]}
    if counted:
        others = len([finding for finding in counted if not finding["test"]])
        more = f", and {others} more finding{'s' * (others > 1)} of no single test" if others else ""
        console.print(f"[bold]{len(culprits)} of {len(tests)} tests leave something{more}:[/bold]")
    else:
        console.print(say_clean(document, len(tests)))
    for finding in counted:
        tell_finding(console, finding)
    tell_rest(console, document)
    outcomes = [test["outcome"] for test in document["tests"]]
    failed = outcomes.count("failed") + outcomes.count("error")
    console.print(escape(f"pytest: {len(outcomes) - failed} of {len(outcomes)} did not fail, exit code {document['pytest_exit_code']}; its output: {log}"))


def say_clean(document: JsonObject, tests: int) -> str:
    """Return what no finding means: less where not everything was seen."""
    if document["problems"] or document["disagreements"]:
        return f"{tests} tests, nothing was found, but not everything was watched:"
    if any(database["not_seen"] for database in document["databases"]):
        return f"{tests} tests, none leaves anything that the examiner's account sees."
    return f"{tests} tests, none leaves anything behind."


def tell_finding(console: Console, finding: JsonObject) -> None:
    who = finding["test"] or (f"when fixture {finding['fixture']} ended" if finding["fixture"] else f"between tests ({finding['database']})")
    outcome = f" ({finding['outcome'].upper()} and LEAKS)" if finding["outcome"] in ("failed", "error") else ""
    console.print(f"\n  [bold red]{escape(who)}[/bold red]{outcome}")
    for found in finding["residue"][:6]:
        console.print(escape(f"    {say_residue(found)}"))
    if finding["cause"]:
        console.print(escape(f"    why: {finding['cause']['title']}"))
    if finding["first_event"]:
        console.print(escape(f"    first: {finding['first_event']}"))
    if finding["cause"]:
        console.print(escape(f"    do: {finding['cause']['remedy']}"))
    for text in say_more(finding):
        console.print(escape(f"    {text}"))


def say_residue(found: JsonObject) -> str:
    """Return one thing that was left, in words."""
    count = f" ({found['count']})" if found["count"] > 1 else ""
    return f"{found['kind'].replace('_', ' ')}: {found['object']}{count}: {' '.join(found['detail'].split())}"


def say_more(finding: JsonObject) -> list[str]:
    """Return who holds it, who met it, who fell over it, and whether it came again."""
    lines = []
    if finding["kind"] != "leak":
        lines.append(WORDS[finding["kind"]])
    if finding["met_by"]:
        lines.append(f"met by the body of {finding['met_by']}")
    lines += [f"{victim} fails because of it" for victim in finding["victims"]]
    if finding["confirmed"] != "not tried":
        lines.append(finding["confirmed"])
    if finding["expected"]:
        lines.append(f"expected: {finding['expected']}")
    return lines


def tell_rest(console: Console, document: JsonObject) -> None:
    """Say what does not count, what was not seen, and what went wrong."""
    if document["interrupted"]:
        console.print("\ninterrupted: this is what was found until then, not confirmed")
    cleared = [finding for finding in document["findings"] if finding["kind"] == "cleared"]
    if cleared:
        console.print(f"\n{len(cleared)} tests leave something that the next set-up clears before use: no leak.")
    for finding in document["findings"]:
        if finding["expected"]:
            console.print(escape(f"expected of {finding['test']}: {finding['expected']}"))
        elif finding["kind"] == "note" or finding["confirmed"] == "seen once":
            console.print(escape(f"seen, not counted: {finding['test'] or finding['database']}: {'; '.join(say_residue(r) for r in finding['residue'][:3])}"))
    for database in document["databases"]:
        for line in database["not_seen"]:
            console.print(escape(f"not seen in {database['name']}: {line}"))
    for line in (*document["disagreements"], *document["problems"]):
        console.print(escape(f"problem: {line}"))
    if document["not_watched"]:
        console.print(escape(f"not watched: {', '.join(document['not_watched'])}"))
