"""A clean cell's timeline is stored when somebody reads it, and only then."""

import pytest

from matrix.supervisor.review import Review
from matrix.supervisor.told import find_told
from reports.stories import list_told, load_stories
from tests.made_facts import leaking, make_cell


def test_told_cells_are_those_of_the_stories():
    assert find_told() == list_told(load_stories())
    assert find_told()


@pytest.mark.parametrize(
    ("facts", "agreement", "told", "kept"),
    [
        ({}, "known", False, False),
        ({}, "known", True, True),
        ({}, "", False, True),  # it may be red in its other pass
        (leaking(), "known", False, True),
    ],
)
def test_timeline_is_kept_for_whom_it_is_read_by(facts, agreement, told, kept):
    cell = make_cell(timeline=["1s> checkout"], **facts)
    review = Review("run", "postgresql", told=frozenset({cell["cell"]} if told else ()))
    assert bool(review.stamp_cell(cell, agreement)["timeline"]) is kept
