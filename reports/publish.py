"""What a publication is made of, and whether it is complete.

A publication holds one run's results of all promised rows, or it does not happen. A row that was not promised and did
not run keeps its last published result, which carries its own date.
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from matrix.facts import JsonObject
from matrix.facts.reading import FactsError, StackFacts, load_facts, load_not_run, load_stack
from matrix.plan.rows import Stack
from reports.build import ResultsError, read_results, write_report
from reports.grade import grade_all
from reports.places import Places

RESULTS = "results.json"


@dataclass(frozen=True)
class Publication:
    """Which result every row brings; see plan_publication."""

    fresh: list[str] = field(default_factory=list)
    carried: dict[str, str] = field(default_factory=dict)
    """Stacks with their last published result -> when they ran, ISO 8601."""
    absent: dict[str, str] = field(default_factory=dict)
    """Stacks that were not promised and never had a result -> why."""
    missing: dict[str, str] = field(default_factory=dict)
    """Stacks without which nothing is published -> why."""


class PublicationIncomplete(Exception):
    """A promised row has no whole result; the text names each and why."""

    def __init__(self, missing: Mapping[str, str]) -> None:
        rows = "".join(f"\n  {stack}: {reason}" for stack, reason in missing.items())
        super().__init__(f"nothing is published, because {len(missing)} rows have no whole result of this run:{rows}\nRun them again, or all jobs.")


def plan_publication(
    rows: Iterable[Stack], fresh: Mapping[str, StackFacts], not_run: Mapping[str, JsonObject], earlier: Mapping[str, StackFacts]
) -> Publication:
    """Decide for every row what its result is. rows: Stack objects; the mappings are by stack id.

    A fresh result of only some recipes or cases would silently shrink the report, so it counts as missing.
    """
    plan = Publication()
    for row in rows:
        reason = not_run.get(row.id, {}).get("reason", "no job brought a result")
        if row.id in fresh and fresh[row.id].header["selection"]["complete"]:
            plan.fresh.append(row.id)
        elif row.id in fresh:
            plan.missing[row.id] = "ran only some recipes or cases"
        elif row.promised:
            plan.missing[row.id] = reason
        elif row.id in earlier:
            plan.carried[row.id] = earlier[row.id].header["started"]
        else:
            plan.absent[row.id] = reason
    return plan


def publish(places: Places, rows: Iterable[Stack], earlier: Path | None, keep: Path, coming: Path | None = None) -> Publication:
    """Write the report of a complete publication, and into `keep` what the next one needs of it.

    earlier: what the last publication kept, None for the first one; coming: results.json of a run on pre-releases. Raises PublicationIncomplete before anything is
    written, FactsError for a bad fresh file.
    """
    before = load_earlier(earlier) if earlier else {}
    plan = plan_publication(rows, load_facts(places.data), load_not_run(places.data), before)
    if plan.missing:
        raise PublicationIncomplete(plan.missing)
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir(parents=True)
    for stack in plan.carried:
        shutil.copyfile(before[stack].path, keep / before[stack].path.name)
    report = grade_all(places, merged=True, earlier=keep)
    write_report(places, report, find_readable(earlier / RESULTS if earlier else None, "not compared"), find_readable(coming, "coming changes are not shown"))
    for stack in plan.fresh:
        shutil.copyfile(places.data / f"{stack}.jsonl", keep / f"{stack}.jsonl")
    shutil.copyfile(places.reports / RESULTS, keep / RESULTS)
    return plan


def load_earlier(directory: Path) -> dict[str, StackFacts]:
    """Read what the last publication kept. A file that this version cannot read is left out, and the row says that it has no result."""
    found = {}
    for path in sorted(directory.glob("*.jsonl")):
        try:
            found[path.stem] = load_stack(path)
        except FactsError as error:
            print(f"not carried over: {error}")
    return found


def find_readable(path: Path | None, otherwise: str) -> Path | None:
    """Return the path of results that are there and can be read, else None; a file of another format is said and stops nothing."""
    if path is None or not path.exists():
        return None
    try:
        read_results(path)
    except ResultsError as error:
        print(f"{otherwise}: {error}")
        return None
    return path
