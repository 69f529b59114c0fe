"""python -m reports build | conclude | accept | accept-explored | publish | audit | drift | headline | check-headline"""

from __future__ import annotations

from matrix.ending.command import begin, conclude

if __name__ == "__main__":
    begin()  # before the other imports: a stop is understood at any moment

import argparse
import sys
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from matrix.bite.catches import CatchesError
from matrix.disk import DiskFull
from matrix.facts.reading import FactsError
from matrix.judging.baseline import BaselineError, read_baseline, write_baseline
from matrix.judging.changes import Change
from matrix.plan.contents import ContentError, find_cases
from matrix.plan.headers import HeaderError
from matrix.plan.rows import RowError, load_stacks
from matrix.run.outcome import OutcomeError
from reports.build import ResultsError, read_results, write_report
from reports.conclude import conclude_run
from reports.drift.finding import apply_drift, find_objections
from reports.drift.table import draw_drift
from reports.explored.summary import ExploredError, accept_explored, read_summary
from reports.explored.unseen import find_unseen
from reports.grade import Report, find_failures, grade_all
from reports.places import Places
from reports.publish import PublicationIncomplete, publish
from reports.readme.headline import DOCUMENTS, check_headline, write_headline
from reports.readme.words import HeadlineError, Inputs
from reports.results.costs import accept_costs, collect_costs, read_costs
from reports.stories import StoryError
from reports.summary import summarise_run

KEPT = "the facts are as they were, and `nox -s report` makes the report from them"
CLEAR = (OutcomeError, FactsError, BaselineError, CatchesError, ResultsError, HeadlineError, RowError, HeaderError, ContentError, StoryError, ExploredError)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 as expected, 1 not as expected, 2 input that cannot be used."""
    options = parse(arguments)
    places = Places(options.root)
    try:
        code: int = options.command(places, options)
        return code
    except CLEAR as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except DiskFull as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reports", description="From the facts in reports/data to what people read; no database.")
    parser.add_argument("--root", type=Path, default=Places().root, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(required=True)
    build = add(commands, "build", run_build, "make results.json, junit.xml, badges and the site")
    build.add_argument("--compare", type=Path, metavar="OLD", help="an older results.json, to show what changed since")
    build.add_argument("--coming", type=Path, metavar="AHEAD", help="results.json of a run on pre-releases, to show what will change")
    build.add_argument("--open", action="store_true", help="open the report in the browser")
    add(commands, "conclude", run_conclude, "make the report of the last run, say what happened and whether it is as expected")
    accept = add(commands, "accept", run_accept, "show the drift and write it into the baseline when every changed cell has a cause")
    accept.add_argument("--dry-run", action="store_true", help="only show")
    add(commands, "accept-explored", run_accept_explored, "put what the last explorations found into reports/explored.json")
    for command in (build, accept):
        command.add_argument("--merged", action="store_true", help="the files come from several jobs of one run")
        command.add_argument("--earlier", type=Path, metavar="DIR", help="facts of stacks that did not run this time")
    publishing = add(commands, "publish", run_publish, "make the site from a run of all jobs, if every promised row has a whole result")
    publishing.add_argument("--earlier", type=Path, metavar="DIR", help="what the last publication kept")
    publishing.add_argument("--coming", type=Path, metavar="AHEAD", help="results.json of a run on pre-releases, if there is one")
    publishing.add_argument("--keep", type=Path, metavar="DIR", required=True, help="where to put what the next publication needs")
    auditing = add(commands, "audit", run_audit, "make the page and JUnit of an audit")
    auditing.add_argument("directory", type=Path, help="where audit.json is")
    add(commands, "drift", run_drift, "print the drift of the last report as a Markdown table")
    add(commands, "headline", run_headline, "write the README's headline table from the baseline")
    add(commands, "check-headline", run_check_headline, "fail when the README's headline table is stale")
    return parser.parse_args(arguments)


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, command: Callable[[Places, argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(command=command)
    return parser


def run_build(places: Places, options: argparse.Namespace) -> int:
    report = grade(places, options)
    write_report(places, report, options.compare, options.coming)
    summarise_run(report.results, places.index)
    if options.open:
        webbrowser.open(places.index.resolve().as_uri())
    return tell_failures(find_failures(report))


def run_conclude(places: Places, options: argparse.Namespace) -> int:
    return conclude_run(places, Console(soft_wrap=not sys.stdout.isatty()))


def run_accept(places: Places, options: argparse.Namespace) -> int:
    """Refuse drift that nobody can explain; a partial run changes only the cells that it ran."""
    report = grade(places, options)
    for change in report.drift:
        print(f"{change.cell}: {describe(change)}")
    objections = find_objections(report.drift, report.problems)
    if objections:
        return tell_failures(objections)
    if not options.dry_run and accept_costs(places.costs, collect_costs(report.results)):
        print(f"accepted what recipes cost, where enough of their cells ran, into {places.costs}")
    if not report.drift:
        print("the run is as the baseline says; nothing to accept")
        return 0
    if options.dry_run:
        return 0
    write_baseline(places.baseline, apply_drift(read_baseline(places.baseline) or {}, report.drift), datetime.now(UTC).date().isoformat())
    print(f"accepted {len(report.drift)} cells into {places.baseline}; now `nox -s headline` renews the README's table")
    return 0


def run_accept_explored(places: Places, options: argparse.Namespace) -> int:
    stacks = accept_explored(places.root)
    print(f"reports/explored.json: {len(stacks)} stacks are as last explored: {', '.join(stacks)}")
    summary = read_summary(places.root)
    reasons = [reason for run in summary["stacks"].values() for found in run["recipes"].values() for reason in found["reasons"]]
    unseen = list(find_unseen(summary, read_baseline(places.baseline) or {}))
    print(f"{len(reasons)} reasons, {sum(reason['cause'] is None for reason in reasons)} without a cause, {len(unseen)} that no case of the recipe had:")
    for recipe, cause, program in sorted({(recipe, reason["cause"] or "no cause", " ".join(reason["program"])) for _, recipe, reason in unseen}):
        print(f"  {recipe} {cause}: {program}")
    return 0


def run_publish(places: Places, options: argparse.Namespace) -> int:
    rows = load_stacks(places.root / "matrix" / "stacks.toml").values()
    try:
        made = publish(places, rows, options.earlier, options.keep, options.coming)
    except PublicationIncomplete as error:
        return tell_failures([str(error)])
    print(f"published: {len(made.fresh)} stacks of this run, {len(made.carried)} with their last result, {len(made.absent)} without one")
    for stack, ran in made.carried.items():
        print(f"  {stack}: last result of {ran}")
    return 0


def run_audit(places: Places, options: argparse.Namespace) -> int:
    from reports.audit.fixture import make_fixture
    from reports.audit.making import make_audit
    from reports.audit.telling import tell_fixture

    fixture = make_fixture(options.directory, places)
    if fixture is not None:
        tell_fixture(fixture)
    print(f"the page: {make_audit(options.directory, fixture).resolve().as_uri()}")
    return 0


def run_drift(places: Places, options: argparse.Namespace) -> int:
    print(draw_drift(read_results(places.reports / "results.json")), end="")
    return 0


def run_headline(places: Places, options: argparse.Namespace) -> int:
    inputs = gather_headline(places)
    for name in DOCUMENTS:
        print(f"{name}: the headline table {'was renewed' if write_headline(places.root / name, inputs) else 'is up to date'}")
    return 0


def run_check_headline(places: Places, options: argparse.Namespace) -> int:
    inputs = gather_headline(places)
    for name in DOCUMENTS:
        check_headline(places.root / name, inputs)
        print(f"{name}: the headline table is up to date")
    return 0


def gather_headline(places: Places) -> Inputs:
    baseline = read_baseline(places.baseline)
    if baseline is None:
        raise BaselineError(f"{places.baseline} does not exist; run `nox -s matrix`, review the report, then `nox -s accept`")
    rows = tuple(load_stacks(places.root / "matrix" / "stacks.toml").values())
    levels = {name: case.level for name, case in find_cases(places.root / "cases").items()}
    return Inputs(baseline, rows, levels, read_costs(places.costs))


def grade(places: Places, options: argparse.Namespace) -> Report:
    return grade_all(places, merged=options.merged, earlier=options.earlier)


def describe(change: Change) -> str:
    from reports.junit import describe_change

    return describe_change(change.as_json())


def tell_failures(failures: list[str]) -> int:
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    for failure in failures:
        console.print(f"not as expected: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(conclude(main, KEPT))
