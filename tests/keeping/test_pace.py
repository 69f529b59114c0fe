"""What the rest would take is said from recorded times alone."""

import json

from matrix.plan.selection import Selection, make_plan
from matrix.run.pace import find_pace, forecast, order_longest_first


def write_footer(directory, name, **footer):
    (directory / f"{name}.jsonl").write_text('{"kind":"header"}\n' + json.dumps({"kind": "footer", **footer}) + "\n")


def test_the_pace_is_that_of_stacks_with_enough_cells(tmp_path):
    assert find_pace(tmp_path) is None
    write_footer(tmp_path, "few", wall_s=9.0, ran=1)
    assert find_pace(tmp_path) is None
    for name, seconds in (("a", 20.0), ("b", 30.0), ("c", 90.0)):
        write_footer(tmp_path, name, wall_s=seconds, ran=1000)
    assert find_pace(tmp_path) == 0.03


def test_a_file_without_a_footer_says_nothing(tmp_path):
    (tmp_path / "cut.jsonl").write_text('{"kind":"header"}\n{"kind":"ce')
    assert find_pace(tmp_path) is None


def test_long_stacks_begin_first(tmp_path):
    """The order does not depend on how the rows are written, and nothing is lost."""
    plan = make_plan(Selection(every=False))
    ordered = order_longest_first(plan, {}, tmp_path)
    weights = [forecast(plan, stack, None, tmp_path / "none") for stack in ordered]
    assert weights == sorted(weights, reverse=True)
    assert {stack.id for stack in ordered} == {stack.id for stack in plan.stacks}
    assert len(ordered) == len(plan.stacks)
    assert "fastapi" in ordered[0].families + ordered[1].families


def test_what_has_to_run_and_a_stacks_own_last_pace_decide(tmp_path):
    """One recipe of a slow stack takes longer than two of a fast one; what is kept whole takes nothing."""
    plan = make_plan(Selection(every=False))
    slow, fast, whole, *_ = plan.stacks
    write_footer(tmp_path, slow.id, wall_s=50.0, ran=100)
    write_footer(tmp_path, fast.id, wall_s=20.0, ran=1000)
    todo = dict.fromkeys((stack.id for stack in plan.stacks), 0) | {slow.id: 100, fast.id: 200}
    ordered = order_longest_first(plan, todo, tmp_path)
    assert [stack.id for stack in ordered[:2]] == [slow.id, fast.id]
    assert forecast(plan, whole, 0, tmp_path / "none") == 0
