"""Complete files on the page: each wiring once, for the lines on which its recipe applies."""

import pytest

from matrix.pasting.wiring import write_wiring
from matrix.plan.contents import find_recipes
from reports.page.model import Site
from reports.page.wholes import list_uses, list_wholes, pack_wirings
from tests.browser.example import make_example

RECIPE = "plain/example_recipe_07"
CODE = find_recipes()["plain/template_database"].path.read_text(encoding="utf-8")


@pytest.fixture
def site() -> Site:
    results, _ = make_example(lines=5, servers=2, cases=7)
    assert RECIPE in results["recipes"]
    results["recipes"][RECIPE]["code"] = CODE
    return Site(results)


def test_a_wiring_is_there_once_for_all_lines_of_which_it_is_that(site):
    wholes = list_wholes(site, RECIPE)
    lines = [line for whole in wholes for line in whole.lines]
    assert len(lines) == len(set(lines)) > 3
    assert len({whole.wiring for whole in wholes}) == len(wholes) == 3, "1.3, 1.4 future, and all others"
    assert all(whole.wiring == write_wiring(RECIPE, CODE, line) for whole in wholes for line in whole.lines)


def test_the_finder_gets_the_same(site):
    packed = pack_wirings(site)
    for whole in list_wholes(site, RECIPE):
        for line in whole.lines:
            assert "".join(text for _, text in packed["texts"][packed["recipes"][RECIPE][line]]) == whole.wiring


def test_fixtures_of_a_project_are_named(site):
    assert list_uses(site, RECIPE) == ["database_url", "engine_for", "metadata"]


def test_what_has_no_complete_file_is_offered_alone(site):
    assert list_wholes(site, "plain/real_commits") == []
    site.recipes[RECIPE]["code"] = "<b>no Python</b>"
    assert (list_wholes(site, RECIPE), list_uses(site, RECIPE)) == ([], [])
    assert RECIPE not in pack_wirings(site)["recipes"]
