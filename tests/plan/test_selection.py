"""Selectors: globs select, and one that selects nothing says what exists."""

import pytest

from matrix.plan.selection import Selection, SelectionError, make_plan, select

NAMES = {name: name.upper() for name in ("plain/create_savepoint", "plain/rollback_only", "asyncio/create_savepoint")}


@pytest.mark.parametrize(
    ("globs", "selected"),
    [
        ([], list(NAMES)),
        (["plain/*"], ["plain/create_savepoint", "plain/rollback_only"]),
        (["*/create_savepoint"], ["plain/create_savepoint", "asyncio/create_savepoint"]),
        (["asyncio/*", "plain/r*"], ["plain/rollback_only", "asyncio/create_savepoint"]),
        (["plain/rollback_only"], ["plain/rollback_only"]),
    ],
)
def test_globs_select_in_the_order_of_what_exists(globs, selected):
    assert select(NAMES, globs, "recipe") == [NAMES[name] for name in selected]


@pytest.mark.parametrize(
    ("glob", "nearest"),
    [
        ("plain/create_savepiont", "plain/create_savepoint"),
        ("create_savepoint", "plain/create_savepoint"),
        ("rolback_only", "plain/rollback_only"),
        ("asyncioo/*", "asyncio/create_savepoint"),
    ],
)
def test_what_matches_nothing_suggests_the_nearest(glob, nearest):
    with pytest.raises(SelectionError, match=f"no recipe matches '.*'; did you mean '{nearest}'"):
        select(NAMES, [glob], "recipe")


def test_a_short_name_is_known_by_its_end():
    with pytest.raises(SelectionError, match="did you mean 'asyncio/null'"):
        select({"plain/full": 1, "asyncio/null": 2}, ["null"], "recipe")


def test_what_matches_nothing_lists_what_exists():
    with pytest.raises(SelectionError) as caught:
        select(NAMES, ["plain/*", "zzz"], "recipe")
    assert str(caught.value).splitlines() == ["no recipe matches 'zzz'", "  there are 3:", *(f"  {name}" for name in NAMES)]


def test_a_plan_is_complete_only_with_every_recipe_and_case():
    whole = make_plan(Selection(stacks=("sa20-psycopg2-postgresql18",)))
    assert [stack.id for stack in whole.stacks] == ["sa20-psycopg2-postgresql18"]
    assert whole.complete
    assert not make_plan(Selection(recipes=(whole.recipes[0].id,))).complete
    assert not make_plan(Selection(cases=(whole.cases[0].id,))).complete
