"""The summary at the end of a run, for a terminal and for the log of a CI job."""

import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matrix.facts import JsonObject
from matrix.judging.changes import split_cell
from matrix.judging.controls import is_control
from matrix.judging.verdicts import FLAKY
from reports.asked import print_asked
from reports.junit import describe_change
from reports.results.legend import VERDICTS
from reports.results.origin import list_ran
from reports.results.stacks import UNPLANNED

SHOWN_DRIFT = 20
SHOWN_CAUSES = 10
COLUMNS = ("isolates", "leaks", "breaks", "leaks+breaks", "hangs", "crashes", "flaky", "n/a", "infrastructure")


def summarise_run(results: JsonObject, report: Path | None = None, wall_s: float | None = None, console: Console | None = None) -> None:
    """Print what was asked, else what differs from the baseline; then what ran, what did not and why, causes, verdicts, time, the report.

    wall_s: duration of the run as the user waited for it, seconds.
    """
    console = console or Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty())
    print_run(results, console)
    print_asked(results, console)
    print_drift(results, console)
    print_not_run(results, console)
    print_causes(results, console)
    print_stacks(results, console)
    for note in results["notes"]:
        console.print(f"note: {escape(note)}")
    print_totals(results, report, wall_s, console)


def print_run(results: JsonObject, console: Console) -> None:
    """Say first what the run was of, and how much of it is new."""
    summary = results["summary"]
    if summary["run"]:
        console.print(escape(summary["run"]), highlight=False)
        console.print(summary["counts"], highlight=False)


def print_stacks(results: JsonObject, console: Console) -> None:
    """One row per stack that ran: a table on a terminal, one line each elsewhere. Controls are left out."""
    ran = {stack: about for stack, about in results["stacks"].items() if about["state"] == "ran"}
    counts = {stack: count_verdicts(results, stack) for stack in ran}
    used = [verdict for verdict in COLUMNS if any(count[verdict] for count in counts.values())]
    if not console.is_terminal:
        for stack, about in ran.items():
            told = ", ".join(f"{verdict} {counts[stack][verdict]}" for verdict in used if counts[stack][verdict])
            console.print(f"{stack}: {told or 'no cells'}; {about['wall_s']:.1f} s; {escape(about['versions']['server'])}", highlight=False)
        return
    table = Table("stack", "server", *[f"{VERDICTS[verdict][0]} {verdict}" for verdict in used], "seconds", title="Cells by verdict, controls left out")
    for stack, about in ran.items():
        cells = [str(counts[stack][verdict] or "") for verdict in used]
        table.add_row(stack, escape(about["versions"]["server"][:24]), *cells, f"{about['wall_s']:.1f}")
    console.print(table)


def count_verdicts(results: JsonObject, stack: str) -> Counter[str]:
    recipes = results["cells"].get(stack, {})
    return Counter(cell["verdict"] for recipe, cases in recipes.items() if not is_control(recipe) for _, cell in list_ran(cases))


def print_not_run(results: JsonObject, console: Console) -> None:
    """Say which stacks have no result of this run and why; rows that nobody selected are only counted."""
    silent = 0
    for stack, about in results["stacks"].items():
        if about["state"] == "ran":
            continue
        if about["missing"] is None and about["reason"] in (None, "no result on disk", UNPLANNED):
            silent += 1
            continue
        console.print(f"not run: {stack}: {escape(str(about['reason']))}", highlight=False)
    if silent:
        console.print(f"{silent} more {'row has' if silent == 1 else 'rows have'} no part in this run", highlight=False)


def print_causes(results: JsonObject, console: Console) -> None:
    console.print(results["summary"]["sentence"], highlight=False)
    found = [(name, cause) for name, cause in results["causes"].items() if cause["cells"]]
    for name, cause in found[:SHOWN_CAUSES]:
        console.print(f"  {cause['cells']:5d}  {escape(cause['title'])}  ({name})", highlight=False)
    if results["unexplained"]:
        shown = ", ".join(results["unexplained"][:3])
        console.print(f"unexplained: {len(results['unexplained'])}, first {shown}", highlight=False)


def print_drift(results: JsonObject, console: Console) -> None:
    if results["baseline"]["state"] == "none":
        console.print("no baseline yet: review the report, then `nox -s accept`", highlight=False)
        return
    new = Counter(split_cell(change["cell"])[1] for change in results["drift"] if change["change"] == "new")
    for recipe, count in sorted(new.items()):
        console.print(f"new: {count} {'cell' if count == 1 else 'cells'} of {recipe}, not reviewed; `nox -s accept`", highlight=False)
    known = [change for change in results["drift"] if change["change"] != "new"]
    drift = [change for change in known if change["fails"] or FLAKY in find_sides(change)]
    for change in sorted(drift, key=lambda change: not change["fails"])[:SHOWN_DRIFT]:
        kind = "drift" if change["fails"] else "flaky, does not fail the run"
        console.print(f"{kind}: {change['cell']}: {escape(describe_change(change))}", highlight=False)
    if len(drift) > SHOWN_DRIFT:
        console.print(f"drift: and {len(drift) - SHOWN_DRIFT} more; all are in the report", highlight=False)
    if others := len(known) - len(drift):
        console.print(f"{others} cells have their verdict from another leading cause than in the baseline; the report lists them", highlight=False)


def find_sides(change: JsonObject) -> list[str]:
    """Return the verdicts of the baseline and of the run, as far as both have the cell."""
    return [side["verdict"] for side in (change["expected"], change["actual"]) if side]


def print_totals(results: JsonObject, report: Path | None, wall_s: float | None, console: Console) -> None:
    summary = results["summary"]
    took = f" in {wall_s:.1f} s" if wall_s is not None else ""
    console.print(
        f"{summary['stacks_ran']} stacks, {summary['recipes']} recipes, {summary['cases']} cases: {summary['cells']} cells{took}; "
        f"{results['baseline']['state'] if results['baseline']['state'] != 'none' else 'no baseline'}",
        highlight=False,
    )
    if report:
        console.print(f"report: {report}", highlight=False)
