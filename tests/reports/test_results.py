"""results.json, its details, the JUnit file and the terminal's summary, from facts made by hand."""

import io
import json
import xml.etree.ElementTree as ET

import jsonschema_rs
import pytest
from rich.console import Console

from matrix.facts.reading import load_stack
from reports.build import SCHEMA, check_results
from reports.junit import write_junit
from reports.results.counts import tell
from reports.results.details import make_details
from reports.results.grading import find_cost, grade_stack, price_work
from reports.summary import summarise_run
from tests.made_facts import STACK, breaking, leaking, make_cell, make_header, make_lines, write_facts
from tests.made_results import OUTER_COMMIT, make_made_results

CELL = f"{STACK}/plain/create_savepoint/some_case"


def test_results_follow_their_schema(tmp_path):
    results = make_made_results(tmp_path, facts=leaking() | {"timeline": OUTER_COMMIT})
    check_results(results)
    with pytest.raises(ValueError, match="word"):
        check_results(json.loads(json.dumps(results).replace('"word": "leaks"', '"word": "leaks a bit"')))


def test_red_cells_are_counted_without_controls_and_by_cause(tmp_path):
    results = make_made_results(tmp_path, facts=leaking() | {"timeline": OUTER_COMMIT})
    assert results["summary"]["sentence"] == "1 cause explains 1 red cell"
    assert results["causes"]["outer_commit"]["recipes"] == ["plain/create_savepoint"]
    assert results["unexplained"] == []
    assert results["cells"][STACK]["plain/create_savepoint"]["some_case"]["reason"] == "rows added: customers (1 row)"


def test_red_cell_without_a_cause_is_listed(tmp_path):
    results = make_made_results(tmp_path, facts=breaking())
    assert results["unexplained"] == [CELL]
    assert results["summary"]["sentence"] == "0 causes explain 0 of 1 red cell"


def test_blinded_witness_is_noted(tmp_path):
    assert any("the witness is blind" in note for note in make_made_results(tmp_path, blind=True)["notes"])


def test_how_people_count():
    assert tell(214, 214, 3) == "3 causes explain 214 red cells"
    assert tell(0, 0, 0) == "no red cells"


def test_details_tell_the_proof_and_the_command(tmp_path):
    cells = [make_cell(case="a", timeline=OUTER_COMMIT, **leaking()), make_cell(case="b")]
    graded = grade_stack(load_stack(write_facts(tmp_path, make_lines(make_header(cases=("a", "b")), cells))))
    details = make_details(graded)
    schema = json.loads(SCHEMA.read_text())
    jsonschema_rs.Draft202012Validator({"$ref": "#/$defs/details", "$defs": schema["$defs"]}).validate(details)
    assert set(details["cells"]["plain/some_recipe"]) == {"a"}
    detail = details["cells"]["plain/some_recipe"]["a"]
    assert detail["timeline"][detail["proof"]["timeline"]]["text"] == "COMMIT"
    assert detail["command"] == f'nox -s "stack({STACK})" -- --recipe plain/some_recipe --case a'


def worked(cpu_s, **counts):
    return {"work": {"cpu_s": cpu_s, "counts": counts}}


def test_cost_compares_case_by_case_what_ran_through(tmp_path):
    cases = ("quick", "slow", "broken")
    own = [
        make_cell(case="quick", **worked(0.01, ddl=1)), make_cell(case="slow", **worked(0.11)), make_cell(case="broken", **worked(9.0), **breaking()),
    ]  # fmt: skip
    bare = [make_cell("plain/real_commits", case, **worked(time), **leaking()) for case, time in zip(cases, (0.01, 0.1, 0.1), strict=True)]
    header = make_header(("plain/some_recipe", "plain/real_commits"), cases) | {"prices": {"ddl": 0.002}}
    graded = grade_stack(load_stack(write_facts(tmp_path, make_lines(header, own + bare))))
    assert find_cost(graded.cells["plain/some_recipe"], graded.cells["plain/real_commits"]) == 1.15
    assert find_cost(graded.cells["plain/some_recipe"], {}) is None


def test_the_first_cell_of_a_child_does_not_count(tmp_path):
    cells = [make_cell(name, case, position=place, **worked(cpu_s)) for name, cpu_s in (("plain/some_recipe", 0.03), ("plain/real_commits", 0.01))
             for place, case in enumerate(("first", "second"), 1)]  # fmt: skip
    cells[0]["work"]["cpu_s"] = 9.0
    graded = grade_stack(load_stack(write_facts(tmp_path, make_lines(make_header(("plain/some_recipe", "plain/real_commits"), ("first", "second")), cells))))
    assert find_cost(graded.cells["plain/some_recipe"], graded.cells["plain/real_commits"]) == 3.0


def test_work_without_a_price_costs_nobody_knows_what():
    assert price_work({"cpu_s": 0.01, "counts": {"ddl": 2}}, {"ddl": 0.5}) == 1.01
    assert price_work({"cpu_s": 0.01, "counts": {"ddl": 2}}, {}) is None
    assert price_work(None, {"ddl": 0.5}) is None


def test_junit_fails_on_drift_only(tmp_path):
    results = make_made_results(tmp_path, facts=breaking("bad \x00 <text>"))
    write_junit(results, tmp_path / "junit.xml")
    root = ET.parse(tmp_path / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "0", "0")
    judged = {"verdict": "breaks", "cause": None}
    results["drift"] = [{"cell": CELL, "change": "regressed", "expected": {"verdict": "isolates", "cause": None}, "actual": judged, "fails": True}]
    results["drift"].append({"cell": "gone/plain/x/y", "change": "gone", "expected": judged, "actual": None, "fails": True})
    write_junit(results, tmp_path / "junit.xml")
    root = ET.parse(tmp_path / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("4", "2")
    assert root.find(".//failure").get("message") == "regressed: isolates -> breaks"
    results["drift"] = [{"cell": CELL, "change": "changed", "expected": {"verdict": "breaks", "cause": "outer_commit"}, "actual": judged, "fails": False}]
    write_junit(results, tmp_path / "junit.xml")
    assert ET.parse(tmp_path / "junit.xml").getroot().get("failures") == "0"  # nor does the run fail for it


def test_junit_reports_a_broken_instrument_as_an_error(tmp_path):
    write_junit(make_made_results(tmp_path, blind=True), tmp_path / "junit.xml")
    assert "the witness is blind" in ET.parse(tmp_path / "junit.xml").getroot().find(".//error").get("message")


@pytest.mark.parametrize("terminal", [True, False])
def test_summary_says_what_a_reader_needs(tmp_path, terminal):
    results = make_made_results(tmp_path, facts=leaking() | {"timeline": OUTER_COMMIT}, state="drift")
    judged = {"verdict": "leaks", "cause": "outer_commit"}
    results["drift"] = [{"cell": CELL, "change": "regressed", "expected": {"verdict": "isolates", "cause": None}, "actual": judged, "fails": True}]
    flaky, other = {"verdict": "flaky", "cause": None}, f"{CELL}_too"
    results["drift"].append({"cell": other, "change": "changed", "expected": judged, "actual": flaky, "fails": False})
    settled = f"{CELL}_settled"
    results["drift"].append({"cell": settled, "change": "changed", "expected": flaky, "actual": judged, "fails": False})
    missing = {"state": "not run", "reason": "no interpreter [python3.8] here", "missing": "python3.8"}
    results["stacks"]["sa13-old"] = {**results["stacks"][STACK], **missing}
    out = io.StringIO()
    summarise_run(results, tmp_path / "index.html", 12.3, Console(file=out, force_terminal=terminal, width=300, color_system=None))
    text = out.getvalue()
    for part in (
        STACK, "leaks", "not run: sa13-old: no interpreter [python3.8] here", "1 cause explains 1 red cell", "COMMIT reached the server",
        f"drift: {CELL}: regressed: isolates -> leaks (outer_commit)", f"flaky, does not fail the run: {other}: ",
        f"flaky, does not fail the run: {settled}: changed: flaky -> leaks (outer_commit)", "12.3 s", "index.html",
    ):  # fmt: skip
        assert part in text
    assert "another leading cause" not in text


def test_recipe_that_ran_and_is_gone_is_still_shown(tmp_path):
    recipes = make_made_results(tmp_path)["recipes"]
    assert set(recipes) == {"plain/create_savepoint", "plain/real_commits", "plain/fresh_database"}
    assert recipes["plain/real_commits"]["control"]
    assert recipes["plain/create_savepoint"]["summary"] == "ran earlier; its file is gone"
