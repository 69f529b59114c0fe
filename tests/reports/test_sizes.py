"""What a test costs at two sizes: only what grows is told, per product, and a spoiled file is a clear error."""

import json

import pytest

from matrix.judging.baseline import BaselineError
from reports.page.model import Site
from reports.page.scripts import build_index
from reports.page.sizes import read_sizes, tell_sizes
from reports.page.views import summarize_costs
from reports.places import Places
from tests.browser.example import make_example

FLAT = {"tables": {"20": 2.1, "200": 2.3}, "rows": {"100": 2.1, "10000": 2.0}, "connections": {"1": 2.1, "10": 1.9}}
GROWING = FLAT | {"tables": {"20": 2.1, "200": 9.04}}


@pytest.mark.parametrize(
    ("costs", "text"),
    [
        (FLAT, ""),
        (GROWING, "20 tables: 2.1×, 200 tables: 9.0×"),
        ({"rows": {"100": 1.0, "10000": 12.0}, "connections": {"1": 1.5, "10": 3.0}}, "100 seed rows: 1.0×, 10,000 seed rows: 12.0×; 1 connection: 1.5×, 10 connections: 3.0×"),
        ({"connections": {"1": 16.8, "10": 3.3}}, ""),
    ],
)  # fmt: skip
def test_only_what_grows_is_told(costs, text):
    assert tell_sizes(costs) == text


def write_sizes(path, recipe):
    path.write_text(json.dumps({"format": 1, "stacks": {"one": {"product": "postgresql", "recipes": {recipe: GROWING, "plain/flat": FLAT}}}}))
    return path


def test_card_and_recipe_page_tell_it_on_that_product(tmp_path):
    results, _ = make_example()
    recipe = next(iter(results["recipes"]))
    sizes = read_sizes(write_sizes(tmp_path / "sizes.json", recipe))
    assert list(sizes) == [("postgresql", recipe)]
    site = Site(results, sizes)
    packed = {found["id"]: found["sizes"] for found in build_index(site)["recipes"]}
    assert packed[recipe] == {"postgresql": "20 tables: 2.1×, 200 tables: 9.0×"}
    assert not any(found for other, found in packed.items() if other != recipe)
    assert {database: grows for database, *_, grows in summarize_costs(site, recipe) if grows} == {"PostgreSQL": packed[recipe]["postgresql"]}


@pytest.mark.parametrize(
    "spoiled",
    [
        "",
        "[]",
        json.dumps({"format": 2, "stacks": {}}),
        json.dumps({"format": 1, "stacks": {"one": {"product": "mysql", "recipes": {"plain/x": {"tables": "much"}}}}}),
    ],
)
def test_bad_file_is_a_clear_error(tmp_path, spoiled):
    path = tmp_path / "sizes.json"
    path.write_text(spoiled)
    with pytest.raises(BaselineError, match=r"sizes\.json: .+ Make it anew: nox -s sizes"):
        read_sizes(path)


def test_the_repositorys_file_is_readable_and_of_recipes_that_are_there():
    from matrix.plan.contents import find_recipes

    assert {recipe for _, recipe in read_sizes(Places().sizes)} <= set(find_recipes())
