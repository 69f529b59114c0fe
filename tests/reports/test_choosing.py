"""What is preferred to what: the cards of a stack and the order of its recipes."""

from itertools import product
from math import inf

import pytest

from reports.page.choosing import BETWEEN, PRODUCTION, START, UNCHANGED, Candidate, Card, beats, choose_cards, find_front, order_recipes

GOOD, LIMITED = "isolates", "isolates, with limits"


def choose(*candidates: Candidate) -> dict[str, tuple[str, ...]]:
    return {card.recipe: card.roles for card in choose_cards(candidates)}


def test_the_cheapest_that_isolates_comes_first_and_the_most_faithful_second():
    cheap, faithful = Candidate("a/cheap", GOOD, 0, 28, 1.3), Candidate("a/faithful", GOOD, 0, 2, 3.5)
    limited = Candidate("a/limited", LIMITED, 3, 30, 1.1)
    assert choose(faithful, limited, cheap) == {"a/cheap": (START,), "a/faithful": (PRODUCTION,), "a/limited": (BETWEEN,)}


def test_without_one_that_isolates_the_fewest_common_cases_decide_and_then_the_cost():
    found = choose(Candidate("a/two", LIMITED, 2, 20, 1.0), Candidate("a/one", LIMITED, 1, 19, 2.0), Candidate("a/dear", LIMITED, 1, 5, 3.0))
    assert found == {"a/one": (START,), "a/dear": (PRODUCTION,), "a/two": (BETWEEN,)}


def test_the_third_takes_an_application_as_it_is():
    cheap, faithful = Candidate("a/cheap", GOOD, 0, 28, 1.3), Candidate("a/faithful", GOOD, 0, 2, 3.5, open=True)
    between, open_one = Candidate("a/between", GOOD, 0, 20, 1.5), Candidate("a/open", GOOD, 0, 10, 2.0, open=True)
    assert choose(cheap, faithful, between, open_one)["a/open"] == (UNCHANGED,)
    assert choose(cheap, faithful, between)["a/between"] == (BETWEEN,)
    assert UNCHANGED not in [role for roles in choose(Candidate("a/cheap", GOOD, 0, 28, 1.3, open=True), faithful, open_one).values() for role in roles]


def test_one_recipe_may_be_both():
    assert choose_cards([Candidate("a/best", GOOD, 0, 1, 1.2), Candidate("a/worse", GOOD, 0, 9, 1.3)]) == [Card("a/best", (START, PRODUCTION))]


@pytest.mark.parametrize("word", ["leaks", "breaks", "hangs", "n/a", "not run"])
def test_what_does_not_isolate_is_on_no_card(word):
    assert choose(Candidate("a/leaky", word, 0, 1, 1.0)) == {}
    assert choose(Candidate("a/leaky", word, 0, 1, 1.0), Candidate("a/good", GOOD, 0, 9, 2.0)) == {"a/good": (START, PRODUCTION)}


def test_no_card_is_beaten_and_there_are_three_at_most():
    for costs in product((1.0, 1.5, 2.0, inf), repeat=4):
        for losses in product((1, 7, 20), repeat=4):
            found = [
                Candidate(f"a/{place}", (GOOD, LIMITED)[place % 2], place % 2, *pair, open=place > 1)
                for place, pair in enumerate(zip(losses, costs, strict=True))
            ]
            shown = [one for one in found if one.recipe in choose(*found)]
            assert 1 <= len(shown) <= 3
            pairs = [(one, other) for one in shown for other in found if other.common <= one.common]
            assert not [pair for pair in pairs if pair[1].cost <= pair[0].cost and pair[1].lost < pair[0].lost]
            assert not [pair for pair in pairs if pair[1].cost < pair[0].cost and pair[1].lost <= pair[0].lost]


def test_a_word_is_not_traded_for_fine_print():
    isolates, cheaper = Candidate("a/isolates", GOOD, 0, 28, 1.35), Candidate("a/cheaper", LIMITED, 3, 11, 1.25)
    assert choose(isolates, cheaper) == {"a/isolates": (START,), "a/cheaper": (PRODUCTION,)}


def test_a_cost_that_nobody_measured_does_not_win():
    unknown, known = Candidate("a/unknown", GOOD, 0, 9), Candidate("a/known", GOOD, 0, 9, 8.0)
    assert find_front([unknown, known]) == [known]
    assert choose(Candidate("a/unknown", GOOD, 0, 5), known) == {"a/known": (START,), "a/unknown": (PRODUCTION,)}


def test_equals_do_not_beat_each_other_and_are_not_shown_twice():
    one, other = Candidate("a/one", GOOD, 0, 2, 2.0), Candidate("b/other", GOOD, 0, 2, 2.0)
    assert not beats(one, other) and not beats(other, one)
    assert choose(other, one) == {"a/one": (START, PRODUCTION)}


def test_order_is_by_word_then_losses_then_cost():
    expected = [
        Candidate("a/1", GOOD, 0, 2, 3.0), Candidate("a/2", GOOD, 0, 5, 1.0), Candidate("a/3", GOOD, 0, 5, 2.0), Candidate("a/4", GOOD, 0, 5),
        Candidate("a/0", LIMITED, 1, 1, 1.0), Candidate("a/5", "leaks", 0, 0, 1.0), Candidate("a/6", "n/a", 0, 0), Candidate("a/7", "a word of later", 0, 0),
    ]  # fmt: skip
    assert order_recipes(expected[::-1]) == expected
