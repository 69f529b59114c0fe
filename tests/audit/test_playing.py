"""Programs through a project's own fixture: what differs from production is found, and is what exploring says of the same recipe."""

from __future__ import annotations

import json
from html import unescape

import pytest

from matrix.audit import playing
from matrix.audit.learned import Chosen
from matrix.audit.mistakes import AuditFailed
from matrix.audit.playing import Playing, list_left_out, play_asked
from matrix.explore.operations import ENGINE, OTHER, PARALLEL
from matrix.plan.contents import ROOT, find_recipes
from matrix.plan.rows import load_stacks
from reports.audit.fixture import make_fixture
from reports.audit.making import make_audit
from reports.places import Places
from tests.audit.agreeing import examine_recipe_in_project

EXPLORED = json.loads((ROOT / "reports" / "explored.json").read_text())
STACK = "sa20-psycopg2-postgresql18"
RECIPE = "plain/docs_13"
AS_IN_PRODUCTION = [("flush", "commit", "read"), ("add", "rollback", "flush", "commit"), ("flush", "nested", "flush", "undo", "read")]


@pytest.fixture
def played(postgresql_server, tmp_path, monkeypatch):
    """What programs came to whose outcome exploring knows: the shortest of each reason, and some that behave."""
    reviewed = EXPLORED["stacks"][STACK]["recipes"][RECIPE]["reasons"]
    programs = [*AS_IN_PRODUCTION, *(tuple(reason["program"]) for reason in reviewed)]
    monkeypatch.setattr(playing, "choose_programs", lambda options: (programs, {"depth": options.depth, "seed": 1}))
    place = tmp_path / "out"
    place.mkdir()
    examined = examine_recipe_in_project(load_stacks()[STACK], find_recipes()[RECIPE], postgresql_server, place, ("commit_once",), depth=3)
    return examined, reviewed


def test_programs_say_what_exploring_says(played):
    examined, reviewed = played
    found = examined.programs
    assert found["left_out"] == {}
    assert found["unsteady"] == []
    assert found["differing"] == len(reviewed)
    assert list_reasons(found["reasons"]) == list_reasons(reviewed)
    told = make_fixture(examined.facts.parent, Places())
    assert told["programs"]["differing"] == len(reviewed)
    page = unescape(make_audit(examined.facts.parent, told).read_text())
    assert "The shortest programs that tell it from production" in page
    assert all(reason["title"] in page for reason in told["programs"]["reasons"])


def list_reasons(reasons):
    return {
        (reason["cause"], reason["verdict"], tuple(reason["program"]), tuple(text.replace("isolation_matrix_", "") for text in reason["left"]), reason["got"])
        for reason in reasons
    }


@pytest.mark.parametrize(
    ("kind", "offers", "left_out"),
    [
        ("session", {"engine": True, "new_session": True}, ()),
        ("session", {"engine": False, "new_session": True}, ENGINE),
        ("async_session", {"engine": True, "new_session": False}, (*OTHER, *PARALLEL)),
        ("sessionmaker", {"engine": True, "new_session": True}, ("next",)),
    ],
)
def test_programs_that_a_fixture_cannot_play_are_left_out_and_named(kind, offers, left_out):
    found = list_left_out(Chosen("db", kind, None), offers)
    assert set(found) == set(left_out)
    assert all(found.values())


def test_programs_through_requests_are_refused():
    asked = Playing(None, None, None, find_recipes()["plain/real_commits"], Chosen("client", "fastapi", None), None, {})
    with pytest.raises(AuditFailed, match="cannot be played through a fixture that gives fastapi, only through session, async session"):
        play_asked(asked, 2, lambda: None)
