"""A run of a part leaves a whole report in which nothing that did not run passes for run."""

import json
import re

import jsonschema_rs
import pytest

from tests.browser.conftest import write_example
from tests.browser.example import make_example
from tests.browser.example_partial import KEPT, REVIEWED, UNPLANNED, make_partial
from tests.browser.test_results import SCHEMA


@pytest.fixture(scope="module")
def partial():
    return make_partial(*make_example(lines=1, servers=4))


@pytest.fixture(scope="module")
def partial_site(partial, tmp_path_factory):
    return write_example(*partial, tmp_path_factory.mktemp("partial"))


@pytest.fixture
def page(make_reader, partial_site):
    """A page that ends without an error in the console."""
    reader = make_reader(partial_site.as_uri())
    yield reader
    assert reader.problems == [] and reader.outside == []


def find_cell(results: dict, stack: str, wanted) -> str:
    return next(f"{stack}/{recipe}/{case}" for recipe, cases in results["cells"][stack].items() for case, cell in cases.items() if wanted(cell))


def read_column(page, place: int) -> dict:
    """The class of each cell of a column of the matrix, by recipe."""
    read = "(rows, place) => rows.map((row) => [row.dataset.id, row.cells[place + 1].className])"
    return dict(page.eval_on_selector_all("#words tr[data-id]", read, place))


def test_example_follows_the_schema(partial):
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(partial[0])


def test_matrix_marks_what_did_not_run(page, partial):
    first, second, third = list(partial[0]["cells"])[:3]
    opened = page.open("index.html?family=all")
    ids = opened.eval_on_selector_all("#words .names th", "heads => heads.map((head) => head.dataset.id)")
    marks = {stack: read_column(opened, ids.index(stack)) for stack in ids}
    for stack, origins in ((first, set()), (second, {"part"})):
        assert "reviewed" in marks[stack].pop(UNPLANNED)
        assert {name for mark in marks[stack].values() for name in ("part", "reviewed") if name in mark} == origins
    assert all("reviewed" in mark for mark in marks[third].values() if "notrun" not in mark)
    assert REVIEWED in opened.inner_text(".run") and "core: 2 of 3 rows" in opened.inner_text(".run")
    heard = opened.eval_on_selector_all(f"#words tbody td:nth-child({ids.index(third) + 2}) a", "links => links.map((link) => link.getAttribute('aria-label'))")
    assert heard and all(label.endswith(", reviewed, not run now") for label in heard)


def test_matrix_shows_this_run_alone(page, partial):
    third = list(partial[0]["cells"])[2]
    opened = page.open("index.html?family=all&run=this")
    shown = opened.eval_on_selector_all("#words .names th", "heads => heads.filter((head) => !head.hidden).map((head) => head.dataset.id)")
    assert set(shown) == {stack for stack, row in partial[0]["stacks"].items() if row["state"] == "ran"} and third not in shown
    assert not opened.query_selector_all("#words tbody tr:not([hidden]) td.reviewed:not(.muted):not([hidden])")
    assert not opened.is_visible(f'#words tr[data-id="{UNPLANNED}"]')
    opened.select_option("#filters [name=run]", "")
    assert third in opened.eval_on_selector_all("#words .names th", "heads => heads.filter((head) => !head.hidden).map((head) => head.dataset.id)")
    assert opened.is_visible(f'#words tr[data-id="{UNPLANNED}"]')


def test_tables_of_verdicts_mark_the_cells_that_did_not_run(partial, partial_site):
    """On the page of a stack that ran in part: as many as the results say, and no other."""
    second = list(partial[0]["cells"])[1]
    reviewed = sum("reviewed" in cell for cells in partial[0]["cells"][second].values() for cell in cells.values())
    table = (partial_site / "stacks" / f"{second}.html").read_text().partition('<table class="grid"')[2]
    assert len(re.findall(r'<td class="[a-z]+ reviewed', table)) == reviewed > 20


def test_finder_says_what_is_reviewed_and_can_leave_it_out(page, partial):
    third = partial[0]["stacks"][list(partial[0]["cells"])[2]]
    query = f"my-line=1.3&my-driver={third['driver']}&my-database=PostgreSQL {third['database']['major']}"
    opened = page.open(f"index.html?{query}")
    assert f"reviewed {REVIEWED}, not run now" in opened.inner_text("#found .chosen")
    assert opened.query_selector("#found .mark.reviewed")
    opened.select_option("#finder [name=run]", "this")
    assert "No such stack was run" in opened.inner_text("#found .chosen")
    assert not opened.query_selector("#found .mark.reviewed")


def test_cell_says_when_it_was_reviewed_and_how_to_run_it(page, partial):
    results = partial[0]
    second, third = list(results["cells"])[1:3]
    for stack in (second, third):
        cell = find_cell(results, stack, lambda cell: "reviewed" in cell and "cause" in cell)
        opened = page.open(f"cell.html#{cell}")
        opened.wait_for_selector("#cell .origin")
        text = opened.inner_text("#cell")
        assert f"Reviewed on {REVIEWED}, not run now." in text and f'nox -s "stack({stack})"' in text
        assert opened.query_selector("#cell .mark.reviewed") and "Cause:" in text
        assert not opened.query_selector("#cell .timeline") and "First event" not in text


def test_cell_says_when_it_was_kept(page, partial):
    first, second = list(partial[0]["cells"])[:2]
    opened = page.open(f"cell.html#{find_cell(partial[0], second, lambda cell: 'kept' in cell and cell['verdict'] == 'leaks')}")
    opened.wait_for_selector("#cell .origin")
    assert f"Ran on {KEPT[:10]} and kept" in opened.inner_text("#cell")
    assert opened.query_selector("#cell .timeline")
    opened = page.open(f"cell.html#{find_cell(partial[0], first, lambda cell: cell['verdict'] == 'leaks')}")
    opened.wait_for_selector("#cell .timeline")
    assert "kept" not in opened.inner_text("#cell") and "Reviewed" not in opened.inner_text("#cell")


def test_no_badge_speaks_of_what_did_not_run(partial, partial_site):
    first, second, third = list(partial[0]["cells"])[:3]
    assert (partial_site / "badges" / f"{first}.svg").is_file()
    assert not list((partial_site / "badges").glob(f"{third}*"))
    whole = [recipe for recipe, word in partial[0]["words"][second].items() if "reviewed" not in word]
    found = {path.relative_to(partial_site / "badges" / second).with_suffix("").as_posix() for path in (partial_site / "badges" / second).rglob("*.svg")}
    assert found == set(whole)
    assert json.loads((partial_site / "badge.json").read_text())["label"] == "isolation matrix, core"


def test_pages_without_script_mark_it_too(partial, partial_site):
    third = list(partial[0]["cells"])[2]
    stack = (partial_site / "stacks" / f"{third}.html").read_text()
    assert f"reviewed {REVIEWED}" in stack and "no part of this run" in stack
    recipe = next(recipe for recipe, word in partial[0]["words"][third].items() if word["word"] != "n/a")
    assert f"reviewed {REVIEWED}" in (partial_site / "recipes" / f"{recipe}.html").read_text()
    rows = (partial_site / "results.csv").read_text().splitlines()
    assert {line.rpartition(",")[2] for line in rows if line.startswith(third)} == {"reviewed"}
