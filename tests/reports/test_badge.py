"""Badges speak words, follow the endpoint's schema to the letter, and are safe to embed."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from reports.badge import COLORS, Badge, draw_badge, make_cell_badge, make_endpoint, make_recipe_badge, make_stack_badge, make_whole_badge, write_badges
from reports.results.words import WORDS
from tests.made_facts import STACK, leaking
from tests.made_results import make_made_results

# https://shields.io/badges/endpoint-badge
ENDPOINT_KEYS = {
    "schemaVersion",
    "label",
    "message",
    "color",
    "labelColor",
    "isError",
    "namedLogo",
    "logoSvg",
    "logoColor",
    "logoSize",
    "style",
    "cacheSeconds",
}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "as expected"),
        ({"state": "drift"}, "drift"),
        ({"state": "none"}, "drift"),
        ({"days": 30}, "stale"),
        ({"days": 30, "state": "drift"}, "stale"),
        ({"blind": True}, "error"),
        ({"blind": True, "days": 30}, "error"),
    ],
)
def test_badge_of_the_whole(tmp_path, more, message):
    badge = make_whole_badge(make_made_results(tmp_path, **more))
    assert (badge.label, badge.message, badge.error) == ("isolation matrix", message, message == "error")


def test_results_that_cannot_be_read_are_an_error():
    assert make_endpoint(make_whole_badge(None)) == {
        "schemaVersion": 1, "label": "isolation matrix", "message": "error", "color": COLORS["error"], "isError": True,
    }  # fmt: skip


def test_promised_row_without_a_result_is_stale(tmp_path):
    results = make_made_results(tmp_path)
    results["stacks"]["other"] = {**results["stacks"][STACK], "state": "not run", "age_days": None}
    assert make_whole_badge(results).message == "stale"
    results["stacks"]["other"]["promised"] = False
    assert make_whole_badge(results).message == "as expected"


def test_badge_of_a_recipe_on_a_stack_speaks_its_word(tmp_path):
    badge = make_cell_badge(make_made_results(tmp_path), STACK, "plain/create_savepoint")
    assert (badge.label, badge.message) == ("create_savepoint @ 2.0 + psycopg2", "isolates")
    leaks = make_cell_badge(make_made_results(tmp_path, facts=leaking()), STACK, "plain/create_savepoint")
    assert leaks.message == "leaks: 1"
    assert make_cell_badge(make_made_results(tmp_path, days=30), STACK, "plain/create_savepoint").message == "stale"
    assert make_cell_badge(make_made_results(tmp_path, blind=True), STACK, "plain/create_savepoint").message == "error"
    with pytest.raises(KeyError):
        make_cell_badge(make_made_results(tmp_path), STACK, "plain/unknown")


def test_badge_of_a_stack_counts_its_recipes_without_controls(tmp_path):
    assert make_stack_badge(make_made_results(tmp_path), STACK).message == "1 of 1 recipes isolate"
    badge = make_stack_badge(make_made_results(tmp_path, facts=leaking()), STACK)
    assert (badge.label, badge.message, badge.color) == ("isolation @ 2.0 + psycopg2", "0 of 1 recipes isolate", COLORS["leaks"])
    assert make_stack_badge(make_made_results(tmp_path, days=30), STACK).message == "stale"
    assert make_stack_badge(make_made_results(tmp_path, blind=True), STACK).error


def test_badge_of_a_recipe_says_its_word_or_where_it_isolates(tmp_path):
    results, recipe = make_made_results(tmp_path), "plain/create_savepoint"
    assert (make_recipe_badge(results, recipe).label, make_recipe_badge(results, recipe).message) == ("create_savepoint", "isolates")
    for name, word in (("leaking", "leaks"), ("other", "n/a")):
        results["stacks"][name] = dict(results["stacks"][STACK])
        results["words"][name] = {recipe: {**results["words"][STACK][recipe], "word": word}}
    assert make_recipe_badge(results, recipe).message == "1 of 2 stacks isolate", "where it does not apply says nothing"
    results["stacks"]["leaking"]["age_days"] = results["stacks"][STACK]["age_days"] = 15
    assert make_recipe_badge(results, recipe).message == "stale"
    results["words"] = {"other": results["words"]["other"]}
    assert make_recipe_badge(results, recipe).message == "n/a"


def test_every_word_has_a_colour():
    assert set(WORDS) | {"as expected", "drift", "stale", "error"} == set(COLORS)


@pytest.mark.parametrize("badge", [Badge("a", "isolates, with limits", "#123456"), Badge("a", "error", "#123456", error=True)])
def test_endpoint_has_exactly_the_keys_of_the_schema(badge):
    endpoint = make_endpoint(badge)
    assert set(endpoint) <= ENDPOINT_KEYS
    assert endpoint["schemaVersion"] == 1
    assert endpoint["label"]
    assert endpoint["message"]
    assert not re.search(r"\d+ ?%", endpoint["message"])


@pytest.mark.parametrize("text", ["isolates, with limits", "<script>alert(1)</script>", '"><svg onload=x>', "a & b", "ünïcode ✓"])
def test_svg_is_well_formed_and_shows_its_text(text):
    root = ET.fromstring(draw_badge(Badge("label", text, "#123456")))
    assert [element.text for element in root.iter(f"{SVG}text")] == ["label", text]
    assert root.find(f"{SVG}title").text == f"label: {text}"
    assert {element.tag for element in root.iter()} <= {SVG + name for name in ("svg", "title", "clipPath", "rect", "g", "text")}


def test_badges_are_written_in_pairs(tmp_path):
    write_badges(make_made_results(tmp_path / "data"), tmp_path / "site")
    names = {str(path.relative_to(tmp_path / "site")) for path in (tmp_path / "site").rglob("*.*")}
    recipe = f"badges/{STACK}/plain/create_savepoint"
    stems = ("badge", f"badges/{STACK}", "badges/plain/create_savepoint", recipe)
    assert {f"{stem}.{kind}" for stem in stems for kind in ("svg", "json")} <= names
    assert json.loads((tmp_path / "site" / f"{recipe}.json").read_text())["message"] == "isolates"
