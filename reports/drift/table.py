"""The drift of results as a Markdown table, for the summary page of a CI job."""

from collections.abc import Iterable

from matrix.facts import JsonObject
from reports.junit import describe_side

SHOWN = 100
# What Markdown and HTML would read as more than text; names and reasons come from files that anybody may propose.
SPECIAL = {ord(character): f"&#{ord(character)};" for character in "&<>|`*_[]()!\\~@#"}


def draw_drift(results: JsonObject) -> str:
    """Return what ran, and a row for each cell that is not as the baseline says, as Markdown."""
    summary, drift = results["summary"], results["drift"]
    lines = [f"**{summary['stacks_ran']} stacks, {summary['cells']} cells**: {escape(describe_state(results))}", ""]
    drift = sorted(drift, key=lambda change: not change["fails"])
    if drift:
        lines += ["| cell | change | baseline | now | fails the run |", "| --- | --- | --- | --- | --- |", *draw_rows(drift[:SHOWN])]
    if len(drift) > SHOWN:
        lines += ["", f"and {len(drift) - SHOWN} more; all are in the report"]
    problems = [f"{stack}: {problem}" for stack, about in results["stacks"].items() for problem in about["problems"]]
    lines += [f"- {escape(problem)}" for problem in problems]
    return "\n".join(lines) + "\n"


def describe_state(results: JsonObject) -> str:
    """Say in words how the results stand to the baseline."""
    state = results["baseline"]["state"]
    if state == "drift":
        return f"{sum(change['fails'] for change in results['drift'])} cells are not as the baseline says"
    return "no baseline" if state == "none" else state


def draw_rows(drift: Iterable[JsonObject]) -> list[str]:
    columns = (
        (change["cell"], change["change"], describe_side(change["expected"]), describe_side(change["actual"]), "yes" if change["fails"] else "no")
        for change in drift
    )
    return ["| " + " | ".join(escape(text) for text in row) + " |" for row in columns]


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return " ".join(str(text).split()).translate(SPECIAL)
