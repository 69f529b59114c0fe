"""A report that nothing has changed since is not made again; whatever changes makes it anew."""

import io
import shutil
from datetime import date

import pytest
from rich.console import Console

from matrix.run.outcome import RunOutcome, StackOutcome
from reports.places import ROOT, Places
from reports.standing import find_standing, remember_standing, tell_standing

STACK = "sa20-psycopg2-postgresql18"
DAY = date(2026, 11, 28)
RESULTS = {"generated": "2026-11-28T00:00:00Z", "summary": {"run": "core: 16 of 82 rows", "sentence": "1 cause explains 1 red cell"}}


def make_outcome(ran=0, **more):
    return RunOutcome(run="r", stacks=[STACK], selection="core", ran={STACK: StackOutcome(0.0, ran, 12, "2026-11-20T00:00:00Z")}, **more)


@pytest.fixture
def places(tmp_path):
    for part in ("reports/stories", "reports/page/static", "cases", "fixtures/plain"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for part in ("reports/baseline.json", "matrix/stacks.toml"):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, tmp_path / part)
    places = Places(tmp_path)
    places.data.mkdir()
    (places.data / f"{STACK}.jsonl").write_text("facts\n")
    places.site.mkdir()
    places.index.write_text("a page")
    remember_standing(places, make_outcome(), RESULTS, DAY)
    return places


def test_it_stands_while_nothing_changes(places):
    made = find_standing(places, make_outcome(), DAY)
    screen = io.StringIO()
    tell_standing(made, make_outcome(), places, Console(file=screen, width=200))
    assert "ran 0, kept 12 (oldest 2026-11-20)" in screen.getvalue()
    assert "the report of 2026-11-28T00:00:00Z stands" in screen.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "reports/baseline.json",
        "matrix/stacks.toml",
        "cases/commit.py",
        "fixtures/plain/README.md",
        "reports/page/static/app.js",
        "reports/stories/unit-of-work.toml",
        f"reports/data/{STACK}.jsonl",
    ],
)
def test_whatever_it_is_made_from_makes_it_anew(places, name):
    path = places.root / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert find_standing(places, make_outcome(), DAY) is None


def test_a_cell_that_ran_another_choice_another_day_or_a_missing_page_make_it_anew(places):
    assert find_standing(places, make_outcome(ran=1), DAY) is None
    assert find_standing(places, make_outcome(cases=["commit_once"]), DAY) is None
    assert find_standing(places, make_outcome(), date(2026, 11, 29)) is None
    places.index.unlink()
    assert find_standing(places, make_outcome(), DAY) is None


def test_what_is_made_is_not_what_it_is_made_from(places):
    (places.reports / "results.json").write_text("{}")
    (places.site / "other.html").write_text("")
    assert find_standing(places, make_outcome(), DAY)
