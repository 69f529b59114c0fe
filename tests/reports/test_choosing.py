"""What is offered: the front of cost against what is lost, and nothing that another recipe beats."""

import pytest

from reports.results.choosing import Candidate, choose, find_front


def offer(recipe, common, limit, cost, word=None):
    return Candidate(recipe, word or ("isolates, with limits" if common else "isolates"), {"essential": 0, "common": common, "limit": limit}, cost)


SAVEPOINT, ROWS, FACTORY = offer("create_savepoint", 3, 29, 1.2), offer("restored_rows", 0, 2, 8.0), offer("bound_factory_savepoint", 0, 28, 1.3)


def test_the_cheapest_that_isolates_comes_first_and_production_loses_fewest():
    choice = choose([SAVEPOINT, ROWS, FACTORY])
    assert (choice.start, choice.production, choice.between) == (FACTORY, ROWS, SAVEPOINT)


def test_without_one_that_isolates_the_fewest_common_cases_decide():
    truncate, template = offer("truncate", 3, 8, 4.0), offer("template", 3, 0, 20.0)
    assert choose([truncate, template, offer("worse", 5, 0, 1.0)]).start == truncate
    assert choose([truncate, template]).production == template


@pytest.mark.parametrize(
    ("beaten", "kept"),
    [
        (offer("a", 3, 30, 1.3), False),
        (offer("a", 3, 29, 1.2), True),
        (offer("a", 3, 28, 1.5), True),
        (offer("a", 0, 40, 1.25), True),
        (offer("a", 3, 29, None), False),
    ],
)
def test_no_recipe_that_another_beats_is_offered(beaten, kept):
    assert (beaten in find_front([SAVEPOINT, beaten])) == kept


def test_what_leaks_is_never_offered():
    assert choose([offer("a", 0, 0, 1.0, "leaks"), offer("b", 0, 0, 1.0, "breaks")]) is None
    assert choose([offer("a", 0, 0, 1.0, "leaks"), SAVEPOINT]).start == SAVEPOINT


def test_the_same_candidates_in_any_order_give_the_same_choice():
    twins = [offer("b", 1, 2, 3.0), offer("a", 1, 2, 3.0)]
    assert choose(twins).start.recipe == choose(twins[::-1]).start.recipe == "a"


def test_unknown_costs_still_choose_by_what_is_lost():
    assert choose([offer("a", 2, 2, None), offer("b", 0, 9, None)]).start.recipe == "b"
