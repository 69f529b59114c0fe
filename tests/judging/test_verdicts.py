"""What the facts of a cell mean."""

import pytest

from matrix.judging.verdicts import describe, judge, judge_pass, worst_of
from tests.made_facts import PASSED, breaking, leaking, make_cell

HANG = {"ended": "hang", "hang": {"reason": "lock wait", "waiter": 2, "holders": [1], "what": "DROP TABLE orders", "step": "cancelled"}}
CRASH = {"ended": "crash", "crash": {"signal": 9, "exit_code": None, "phase": "call"}}
SETTING = {"kind": "session_setting", "object": "work_mem", "detail": "64MB", "seen_by": "probe"}
THREAD = {"kind": "thread_left", "object": "worker", "detail": "alive"}


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({}, "isolates"),
        (leaking(), "leaks"),
        (leaking("open_transaction"), "leaks"),
        ({"process": [SETTING]}, "leaks"),
        ({"process": [THREAD]}, "isolates"),
        ({"drift": leaking("sequence_drift")["residue"]}, "isolates"),
        (breaking(), "breaks"),
        (breaking(phase="setup"), "breaks"),
        (breaking(phase="teardown"), "breaks"),
        (breaking() | leaking(), "leaks+breaks"),
        (breaking(phase="teardown") | leaking("table_dropped"), "leaks+breaks"),
        (HANG, "hangs"),
        (HANG | leaking("open_transaction"), "hangs"),
        (CRASH, "crashes"),
        ({"ended": "infrastructure", "infrastructure": "the server is gone"}, "infrastructure"),
        ({"unmet": "needs deferred constraints"}, "n/a"),
        ({"phases": {**PASSED, "call": "skipped"}}, "infrastructure"),
        ({"phases": {**PASSED, "teardown": "skipped"}}, "infrastructure"),
        ({"phases": {"setup": "skipped", "call": None, "teardown": "passed"}}, "infrastructure"),
        ({"phases": {"setup": None, "call": None, "teardown": None}}, "infrastructure"),
        ({"phases": {"setup": "passed", "call": None, "teardown": None}}, "infrastructure"),
    ],
)
def test_verdict_of_a_pass(facts, verdict):
    assert judge_pass(make_cell(**facts)) == verdict


def test_two_passes_that_agree():
    first, confirmation = make_cell(**leaking()), make_cell(**leaking(), **{"pass": "confirmation"})
    judgement = judge(first, confirmation)
    assert (judgement.verdict, judgement.passes) == ("leaks", ("leaks", "leaks"))
    assert judgement.shown is confirmation
    assert judgement.red


@pytest.mark.parametrize(
    ("one", "other", "worst"), [(leaking(), {}, "leaks"), (breaking(), leaking(), "leaks"), (HANG, leaking(), "hangs"), ({}, CRASH, "crashes")]
)
def test_two_passes_that_differ_are_flaky_in_either_order(one, other, worst):
    for first, second in ((one, other), (other, one)):
        judgement = judge(make_cell(**first), make_cell(**second))
        assert judgement.verdict == "flaky"
        assert worst_of(judgement) == worst
        assert judge_pass(judgement.shown) == worst


def test_a_failing_machine_is_not_the_recipes_flakiness():
    gone = {"ended": "infrastructure", "infrastructure": "the server is gone"}
    assert judge(make_cell(**leaking()), make_cell(**gone)).verdict == "infrastructure"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (breaking("boom <x>\nmore", "sqlalchemy.exc.InvalidRequestError"), "call: InvalidRequestError: boom <x>"),
        (leaking("rows_added"), "rows added: customers (1 row)"),
        ({"unmet": "needs a"}, "needs a"),
        (HANG, "lock wait: DROP TABLE orders, cancelled"),
        (CRASH, "the process ended in call with signal 9"),
    ],
)
def test_one_line_for_people(facts, says):
    assert describe(make_cell(**facts)) == says
