"""The second answer to a cause: a rule that fires where it should not is found, without asking the rule."""

import pytest

from matrix.judging.causes import CAUSES, find_cause
from matrix.judging.causes.marks import Proof
from matrix.judging.proving import NEEDS, SPEAK_OF_COMMIT, find_untrue
from tests.judging.test_causes import INSERT, LEAK, OUTER, RULES
from tests.made_facts import make_evidence

COMMITTED = ("1c> commit", "1c: COMMIT")


def check(cause, *timeline, proof=None, commits=True, **facts):
    cell = make_evidence(*timeline, **LEAK, **facts)
    return find_untrue(cause, proof or Proof(INSERT, timeline=2), cell.facts, cell.other, commits)


def test_what_is_named_is_a_cause():
    assert NEEDS.keys() | SPEAK_OF_COMMIT <= CAUSES.keys()


@pytest.mark.parametrize("name", RULES)
def test_the_example_of_each_rule_is_true(name):
    fires, _ = RULES[name]
    cause, proof = find_cause(fires)
    assert find_untrue(cause.id, proof, fires.facts, fires.other, True) is None


@pytest.mark.parametrize("cause", [cause for cause, groups in NEEDS.items() if any("commit" in group for group in groups)])
def test_a_cause_that_speaks_of_a_commit_needs_one(cause):
    assert "commit" in check(cause, *OUTER, f"1c: {INSERT}", "1t: ROLLBACK")


def test_an_event_counts_by_what_was_sent_in_either_pass():
    assert check("outer_commit", *OUTER, f"1c: {INSERT}", *COMMITTED) is None
    assert check("outer_commit", *OUTER, f"1c: {INSERT}", "1c: COMMIT PREPARED 'x'") == "there was no commit"
    other = make_evidence(*OUTER, f"1c: {INSERT}", *COMMITTED).facts
    cell = make_evidence(*OUTER, f"1c: {INSERT}", **LEAK)
    assert find_untrue("outer_commit", Proof(INSERT, timeline=2), cell.facts, other, True) is None


def test_no_case_that_commits_nothing_is_explained_by_the_applications_commit():
    cell = ("1c: SAVEPOINT a", f"1c: {INSERT}", "1c: ROLLBACK TO SAVEPOINT a")
    proof = Proof("the server received ROLLBACK TO SAVEPOINT a", timeline=4)
    assert check("savepoint_undid_commit", *OUTER, *cell, proof=proof) is None
    assert check("savepoint_undid_commit", *OUTER, *cell, proof=proof, commits=False) == "the case commits nothing"


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        (Proof("anything", timeline=40), "the timeline has no event 40"),
        (Proof("lane 1: the server received UPDATE orders", timeline=2), "event 2 is another than the proof says"),
        (Proof("an error", fact="errors/5"), "there is no fact errors/5"),
        (Proof("a hang", fact="hang"), "there is no fact hang"),
        (Proof("a hang", timeline=2, fact="hang"), "there is no fact hang"),
    ],
)
def test_a_proof_that_points_at_nothing_is_found(proof, why):
    assert check("no_outer_transaction", *OUTER, f"1c: {INSERT}", *COMMITTED, proof=proof) == why


def test_a_cause_without_a_proof_is_untrue():
    cell = make_evidence(*OUTER, **LEAK)
    assert find_untrue("setting_survives", None, cell.facts, None, True) == "nothing proves it"
