"""A misbehaving control means that the instrument is broken."""

import pytest

from matrix.judging.controls import check_controls, find_missing_controls, is_control
from tests.made_facts import breaking, leaking, make_cell

CASES = {"committing": {"commits": True}, "silent": {"commits": False}}


def check(recipe, case, **facts):
    return check_controls([make_cell(f"plain/{recipe}", case, **facts)], CASES)


def test_controls_that_behave():
    assert check("real_commits", "committing", **leaking()) == []
    assert check("real_commits", "silent") == []
    assert check("fresh_database", "committing") == []
    assert check("fresh_database", "silent") == []


@pytest.mark.parametrize(
    ("recipe", "case", "facts", "says"),
    [
        ("real_commits", "committing", {}, "the witness is blind"),
        ("real_commits", "silent", leaking(), "said to commit nothing"),
        ("real_commits", "committing", breaking() | leaking(), "does not describe production"),
        ("real_commits", "silent", breaking(), "does not describe production"),
        ("real_commits", "committing", {"ended": "hang", "hang": {}}, "hangs"),
        ("real_commits", "committing", {"ended": "crash", "crash": {}}, "crashes"),
        ("fresh_database", "committing", leaking(), "must leave nothing"),
        ("fresh_database", "silent", breaking(), "breaks"),
        ("fresh_database", "silent", {"phases": {"setup": "passed", "call": "skipped", "teardown": "passed"}}, "could not be judged"),
    ],
)
def test_controls_that_misbehave(recipe, case, facts, says):
    [problem] = check(recipe, case, **facts)
    assert f"plain/{recipe}/{case}" in problem
    assert says in problem


def test_unmet_requirement_of_a_case_is_no_misbehaviour():
    assert check("real_commits", "committing", unmet="needs deferred constraints") == []


def test_other_recipes_are_not_judged():
    assert check("create_savepoint", "committing", **leaking()) == []
    assert not is_control("plain/create_savepoint")


def test_missing_controls_are_named():
    assert find_missing_controls(["plain/real_commits", "plain/x", "asyncio/real_commits", "asyncio/fresh_database"]) == ["plain/fresh_database"]
