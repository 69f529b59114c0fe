"""The finder's answers: what the cards say is what the cells say, controls are on none, and the usual stacks come first."""

import pytest

from matrix.plan.contents import find_cases
from reports.page.answers import build_answers, list_databases
from reports.page.marks import GOOD
from reports.page.model import Site
from reports.page.promises import ALSO, OPEN, PROMISES, is_open, read_promises
from tests.browser.example import make_example


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(make_example()[0])


def list_rows(site: Site) -> list[str]:
    return [recipe for recipes in site.families.values() for recipe in recipes]


def test_promises_are_read_from_the_cells():
    one, two, three = list(PROMISES)[:3]
    verdicts = {one: {"verdict": "isolates"}, two: {"verdict": "leaks"}, three: {"verdict": "n/a"}}
    assert read_promises(verdicts) == "+-." + "." * (len(PROMISES) - 3)


def test_a_promise_holds_only_with_all_parameters():
    case = next(iter(PROMISES))
    assert read_promises({f"{case}[1]": {"verdict": "isolates"}, f"{case}[2]": {"verdict": "breaks"}})[0] == "-"
    assert read_promises({f"{case}[1]": {"verdict": "isolates"}, f"{case}[2]": {"verdict": "n/a"}})[0] == "+"


def test_an_application_is_taken_as_it_is_only_by_what_keeps_its_connections():
    kept = {case: {"verdict": "isolates"} for case in OPEN}
    assert is_open(kept)
    assert not any(is_open({**kept, case: {"verdict": "leaks"}}) for case in OPEN)
    assert not is_open({})


def test_as_you_like_is_every_essential_case():
    essential = {case.id.partition("[")[0] for case in find_cases().values() if case.level == "essential"}
    assert {"commit_rollback_commit", *ALSO["commit_rollback_commit"]} == essential
    kept = {case: {"verdict": "isolates"} for case in essential}
    assert read_promises(kept)[0] == "+"
    assert {read_promises({**kept, case: {"verdict": "leaks"}})[0] for case in essential} == {"-"}


def test_every_promise_is_of_a_case_that_exists():
    assert {*PROMISES, *OPEN, *(case for cases in ALSO.values() for case in cases)} <= {case.partition("[")[0] for case in find_cases()}


def test_cards_are_of_recipes_that_isolate_and_never_of_controls(site):
    answers, rows = build_answers(site), list_rows(site)
    shown = [(stack, rows[row]) for stack, found in zip(site.stacks, answers["cards"], strict=True) for cards in found.values() for _, row, _ in cards]
    assert len(shown) > 40
    assert {site.word(stack.id, recipe)["word"] for stack, recipe in shown} <= set(GOOD)
    assert not [recipe for _, recipe in shown if site.recipes[recipe]["control"]]
    assert max(len(cards) for found in answers["cards"] for cards in found.values()) <= 3


def test_the_list_has_every_recipe_of_the_stack_but_controls(site):
    rows = list_rows(site)
    for stack, order in zip(site.stacks, build_answers(site)["order"], strict=True):
        assert {rows[row] for row in order} == {recipe for recipe in site.words.get(stack.id, {}) if not site.recipes[recipe]["control"]}
        assert len(order) == len(set(order))


def test_the_usual_stacks_lead_to_columns_with_results(site):
    usual = build_answers(site)["usual"]
    assert usual[0][0] == "SQLAlchemy 2.0, PostgreSQL, psycopg"
    assert [site.stacks[column].id for _, column, _ in usual[:2]] == ["example-sa20-psycopg-postgresql18", "example-sa20-pymysql-mysql97"]
    assert all(site.stacks[column].shown for _, column, _ in usual)


def test_databases_that_no_stack_has_can_be_chosen_by_age(site):
    names = list_databases(site)
    assert {"MySQL 8.0", "MySQL 8.4", "PostgreSQL 15", "PostgreSQL 17"} <= set(names)
    assert names.index("MySQL 8.4") < names.index("MySQL 9.7") and names.index("MariaDB 10.6") < names.index("MariaDB 10.11")
