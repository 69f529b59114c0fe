"""Programs as data: which there are, which are left out, what shrinking and comparing make of them. Nothing runs here."""

import pytest

from matrix.explore.chance import make_program, make_random_programs
from matrix.explore.enumeration import enumerate_deeper, enumerate_programs, find_rule, is_redundant, list_programs
from matrix.explore.operations import ALL, BASIC, WORDS, ProgramError, find_illegal, parse_program
from matrix.explore.outcome import Difference, Outcome, classify, compare
from matrix.explore.reasons import group_by_signature
from matrix.explore.shrinking import holds, list_shorter, shrink, shrink_all


@pytest.mark.parametrize(("depth", "number"), [(1, 7), (2, 53), (3, 362), (4, 2454), (5, 16687)])
def test_number_of_basic_programs(depth, number):
    assert len(list(list_programs(BASIC, depth))) == number


def test_every_operation_has_words_and_a_player():
    from pathlib import Path

    player = Path("matrix/probe/programs.py").read_text()
    for operation in ALL:
        assert operation in WORDS
        assert operation == "next" or f"def do_{operation.replace('-', '_')}(" in player


def test_programs_are_legal_different_and_short_first():
    programs = enumerate_programs(4)
    assert len(programs) == len(set(programs)) == 2746
    assert all(find_illegal(program) is None for program in programs)
    basic = programs[:2454]
    assert [len(program) for program in basic] == sorted(len(program) for program in basic)
    assert {operation for program in programs for operation in program} >= set(ALL) - {"duplicate"}


@pytest.mark.parametrize(
    ("program", "rule"),
    [
        ("read read", 1), ("add commit", 2), ("add nested", 2), ("add flush", 2), ("flush duplicate flush", 3), ("flush duplicate commit read", 3),
        ("close close", 4), ("flush duplicate read", None), ("flush duplicate commit", None), ("add rollback", None), ("add close", None), ("rollback rollback", None),
    ],
)  # fmt: skip
def test_rules(program, rule):
    assert find_rule(tuple(program.split())) == rule


def test_same_call_gives_same_programs():
    first, again, other = (make_random_programs(50, seed, 4) for seed in (7, 7, 8))
    assert first == again and len(set(first)) == 50 and first != other
    assert all(len(program) > 4 and not is_redundant(program) for program in first)


def test_random_programs_leave_operations_out_and_use_all():
    programs = make_random_programs(500, 1, 4)
    assert {operation for program in programs for operation in program} == set(ALL)


def test_any_numbers_make_a_program():
    for numbers in ([0] * 12, [65536] * 12, list(range(12))):
        assert find_illegal(make_program(ALL, numbers)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), ("flush comit", "'comit'"), ("release", "step 1, 'release'"), ("nested commit undo", "step 3, 'undo'"), ("duplicate", "step 1")],
)
def test_bad_programs_are_refused(text, says):
    with pytest.raises(ProgramError, match=says):
        parse_program(text)


def difference(program, signature=("rows_added",)):
    return Difference(Outcome(tuple(program.split()), ()), (), None, signature)


def test_shrinking_ends_1_minimal():
    def attempt(programs):
        return [difference(" ".join(p)) if [step for step in p if step in ("commit", "rollback")][:2] == ["commit", "rollback"] else None for p in programs]

    assert shrink(difference("flush read commit add read rollback read close"), attempt).outcome.program == ("commit", "rollback")


def test_shrinking_does_not_slip_into_another_difference():
    def attempt(programs):
        return [difference(" ".join(p), ("rows_added",) if "commit" in p else ("table_created",)) for p in programs]

    assert shrink(difference("flush commit read"), attempt).outcome.program == ("commit",)


def test_shorter_programs_are_legal():
    assert list_shorter(("nested", "undo")) == [("nested",)]  # undo alone has nothing to undo
    assert ("flush",) in list_shorter(("nested", "flush", "undo"))


@pytest.mark.parametrize(
    ("got", "wanted", "kind"),
    [
        ("nothing", "a=1", "missing"),
        ("a=1", "nothing", "extra"),
        ("a=2", "a=1", "changed"),
        ("b=2", "a=1", "missing and extra"),
        ("E", "a=1", "E for rows"),
        ("", "E", " for E"),
    ],
)
def test_kinds_of_observations(got, wanted, kind):
    assert classify(got, wanted) == kind


def test_production_is_not_judged_by_what_it_leaves():
    outcome = Outcome(("flush", "commit"), ("", "", ""), left=(("rows_added", "customers"),))
    production = Outcome(("flush", "commit"), ("", "", ""))
    assert compare(outcome, production, isolated=False) is None
    assert compare(outcome, production).leaks
    assert compare(outcome, None) is None  # production disagrees with itself


def test_what_production_raises_at_its_end_is_no_difference():
    raises = Outcome(("raw-commit",), ("", ""), (("teardown", "InternalError"),))
    assert compare(raises, raises) is None
    assert compare(raises, Outcome(("raw-commit",), ("", ""))).signature == ("teardown InternalError",)


def test_two_things_in_one_program_are_no_third_reason():
    leak, loss = difference("flush commit"), difference("flush rollback read", ("read: missing",))
    both = difference("flush commit rollback read", ("rows_added", "read: missing"))
    groups = group_by_signature([leak, loss, both])
    assert set(groups) == {("rows_added",), ("read: missing",)} and sum(map(len, groups.values())) == 3


def test_common_cause_does_not_hide_a_rare_one():
    """Both leave rows: what the short one does not explain is shrunk by itself."""

    def leaks(program):
        return "parallel-commit" in program or holds(program, ("flush", "rollback", "flush", "commit"))

    programs = ["parallel-commit", "read parallel-commit", "flush rollback flush commit", "flush rollback read flush commit"]
    found, left = shrink_all([difference(text) for text in programs], lambda tried: [difference(" ".join(p)) if leaks(p) else None for p in tried], 60)
    assert [(" ".join(one.outcome.program), count) for one, count in found] == [("parallel-commit", 2), ("flush rollback flush commit", 2)]
    assert left == 0


def test_leak_by_two_transactions_is_among_the_deeper_programs():
    deeper = enumerate_deeper(4)
    assert tuple("flush commit flush rollback flush commit".split()) in deeper and len(deeper) == 3**5 + 3**6
