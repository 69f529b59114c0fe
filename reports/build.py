"""Make everything that people read from graded facts: results.json, junit.xml, badges and the site."""

from functools import lru_cache
from pathlib import Path

import jsonschema_rs
import orjson

from matrix.disk import write_whole
from matrix.facts import JsonObject
from reports.badge import write_badges
from reports.drift.coming import find_coming
from reports.drift.comparison import compare_results
from reports.grade import Report
from reports.junit import write_junit
from reports.places import Places
from reports.renewing import renew

SCHEMA = Path(__file__).parent / "results" / "results.schema.json"


class ResultsError(Exception):
    """Results to compare with cannot be read; the text names the file and what to do."""


def write_report(places: Places, report: Report, compare: Path | None = None, coming: Path | None = None) -> None:
    """Write results.json, junit.xml, badges and the site. compare: older results.json; coming: that of pre-releases. Raises ResultsError."""
    from reports.page.site import write_site

    if compare:
        report.results["comparison"] = compare_results(read_results(compare), report.results)
    if coming:
        report.results["coming"] = find_coming(report.results, read_results(coming))
    check_results(report.results)
    write_whole(places.reports / "results.json", dump_results(report.results) + "\n", "the report")
    write_junit(report.results, places.reports / "junit.xml")
    with renew(places.site, "the report") as draft:
        write_site(report.results, report.details, draft)
        write_badges(report.results, draft)


def dump_results(results: JsonObject) -> str:
    return orjson.dumps(results).decode()


def read_results(path: Path) -> JsonObject:
    """Read a results.json of an earlier run, in the format of this version. Raises ResultsError."""
    try:
        results: JsonObject = orjson.loads(path.read_bytes())
        check_results(results)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: these are no results of this format ({error}); give a results.json that this version's `nox -s report` wrote") from None
    return results


def check_results(results: JsonObject) -> None:
    """Raise ValueError when results do not follow results.schema.json."""
    try:
        results_validator().validate(results)
    except jsonschema_rs.ValidationError as error:
        raise ValueError(f"{'/'.join(map(str, error.instance_path))}: {error.message[:200]}") from None


@lru_cache(maxsize=1)
def results_validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(orjson.loads(SCHEMA.read_bytes()))
