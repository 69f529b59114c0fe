"""From the facts on disk to results: every stack graded, held against the baseline, and put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from matrix.facts import JsonObject
from matrix.facts.reading import list_stacks, load_not_run
from matrix.judging.baseline import hash_baseline, read_baseline, read_date
from matrix.judging.changes import Change, Judged, split_cell
from matrix.judging.controls import is_control
from matrix.judging.verdicts import FLAKY, INFRASTRUCTURE
from matrix.plan.rows import load_stacks
from matrix.run.outcome import NAME as OUTCOME
from matrix.run.outcome import RunOutcome, read_outcome
from reports.drift.finding import find_drift, is_failure, list_reviewed
from reports.load import load_all
from reports.page.packing import Details
from reports.places import Places
from reports.results.content import Content, read_content
from reports.results.costs import read_costs
from reports.results.grading import GradedStack
from reports.results.origin import list_ran
from reports.results.reviewed import Reviewed, find_reviewed
from reports.results.scope import scope_of_outcome
from reports.results.shape import make_results
from reports.results.stacks import Inputs, newest_run

MOST_FLAKY = 1 / 10_000  # of all cells; a whole run of 120,000 had two that were flaky for the first time


@dataclass(frozen=True)
class Report:
    """Results, details by stack, and the drift of the stacks that belong to this run."""

    results: JsonObject
    details: dict[str, Details]
    drift: list[Change]

    @property
    def problems(self) -> list[str]:
        """Misbehaving controls and the like, of the stacks of this run."""
        stacks = self.results["stacks"].values()
        return [problem for stack in stacks if stack["state"] == "ran" for problem in stack["problems"]]


def grade_all(places: Places, merged: bool = False, earlier: Path | None = None, now: datetime | None = None) -> Report:
    """Grade the facts on disk and compare them with the baseline; writes nothing.

    merged: the files come from several jobs of one run, so all of them are of this run and none tells what the others were of.
    earlier: directory with facts of stacks that have none in data/, their last good results.
    Raises FactsError, BaselineError, OutcomeError.
    """
    outcome = None if merged else find_outcome(places.data)
    files = find_files(places.data, outcome)
    carried = {stack: path for stack, path in find_files(earlier, None).items() if stack not in files} if earlier else {}
    found = load_all({**files, **carried}, scope_of_outcome(outcome) if outcome else None)
    graded, details = {stack: one.graded for stack, one in found.items()}, {stack: one.details for stack, one in found.items()}
    current = frozenset(files) if outcome or merged else find_newest({stack: graded[stack] for stack in files})
    baseline, content = read_baseline(places.baseline), read_content(places.root)
    inputs = Inputs(
        graded, find_not_run(places.data, outcome), tuple(load_stacks(places.root / "matrix" / "stacks.toml").values()), content,
        now or datetime.now(UTC), current, review(baseline, places, content), outcome, read_costs(places.costs),
    )  # fmt: skip
    return judge_drift(places, baseline, make_results(inputs), graded, details)


def find_outcome(data: Path) -> RunOutcome | None:
    """Return how the last run ended; None when there are only facts."""
    return read_outcome(data) if (data / OUTCOME).is_file() else None


def find_files(directory: Path, outcome: RunOutcome | None) -> dict[str, Path]:
    """Return the facts of the stacks that the run was of; without its outcome, all there are."""
    return {stack: directory / f"{stack}.jsonl" for stack in list_stacks(directory) if outcome is None or stack in outcome.ran}


def find_newest(graded: Mapping[str, GradedStack]) -> frozenset[str]:
    """Return the stacks of the newest run."""
    newest = newest_run(graded)
    return frozenset(stack for stack, found in graded.items() if found.facts.run == newest)


def find_not_run(data: Path, outcome: RunOutcome | None) -> dict[str, JsonObject]:
    """Return what kept stacks from running: of this run alone, where it is known."""
    return {stack: record for stack, record in load_not_run(data).items() if outcome is None or stack in outcome.stacks}


def review(baseline: Mapping[str, Judged] | None, places: Places, content: Content) -> Reviewed:
    """Return what may be shown where nothing ran."""
    levels = {case: told["level"] for case, told in content.cases.items()}
    return find_reviewed(baseline or {}, read_date(places.baseline), levels, content.recipes)


def judge_drift(
    places: Places, baseline: Mapping[str, Judged] | None, results: JsonObject, graded: Mapping[str, GradedStack], details: dict[str, Details]
) -> Report:
    ran = {stack: found for stack, found in graded.items() if results["stacks"][stack]["state"] == "ran"}
    drift = find_drift(baseline or {}, ran)
    known = list_reviewed(baseline or {})
    results["drift"] = [
        change.as_json() | {"fails": split_cell(change.cell)[0] in known and is_failure(change, find_passes(results, change.cell))}
        for change in (drift if baseline is not None else ())
    ]
    if find_unrest(results):
        results["drift"] = [change | {"fails": change["fails"] or is_newly_flaky(change)} for change in results["drift"]]
    state = "none" if baseline is None else "drift" if any(change["fails"] for change in results["drift"]) else "as expected"
    results["baseline"] |= {"state": state, "sha256": hash_baseline(places.baseline)}
    return Report(results, details, drift)


def find_passes(results: JsonObject, cell: str) -> list[str]:
    """Return the verdicts of both passes of a flaky cell; empty for any other."""
    stack, recipe, case = split_cell(cell)
    passes: list[str] = results["cells"].get(stack, {}).get(recipe, {}).get(case, {}).get("passes", [])
    return passes


def find_failures(report: Report) -> list[str]:
    """Return why this run is not green, one sentence each; empty when it is."""
    results = report.results
    failures = list(report.problems)
    if not any(stack["state"] == "ran" for stack in results["stacks"].values()):
        failures.append("no stack has a result")
    failures += [f"{cell}: infrastructure" for cell in find_infrastructure(results)]
    if results["baseline"]["state"] == "none":
        failures.append("there is no baseline to compare with")
    elif drifted := [change for change in results["drift"] if change["fails"]]:
        failures.append(f"{len(drifted)} cells are not as the baseline says")
    failures += find_unrest(results)
    return failures


def find_unrest(results: JsonObject) -> list[str]:
    """Return that more cells do not agree with themselves than chance explains, if so: then something disturbs the run."""
    flaky = [change["cell"] for change in results["drift"] if is_newly_flaky(change)]
    if len(flaky) <= results["summary"]["cells"] * MOST_FLAKY:
        return []
    return [f"{len(flaky)} cells are flaky that the baseline does not know as such, first {flaky[0]}"]


def is_newly_flaky(change: JsonObject) -> bool:
    """Return whether the cell is flaky and the baseline does not know it as such."""
    expected, actual = (side and side["verdict"] for side in (change["expected"], change["actual"]))
    return bool(actual == FLAKY != expected)


def find_infrastructure(results: JsonObject) -> list[str]:
    return [
        f"{stack}/{recipe}/{case}"
        for stack, recipes in results["cells"].items()
        for recipe, cases in recipes.items()
        if not is_control(recipe) and results["stacks"][stack]["state"] == "ran"
        for case, cell in list_ran(cases)
        if cell["verdict"] == INFRASTRUCTURE
    ]
