"""Results made from facts made by hand, by the same code as real ones."""

from datetime import UTC, datetime, timedelta

from matrix.facts.reading import load_stack
from matrix.plan.rows import load_stacks
from reports.results.content import Content
from reports.results.grading import grade_stack
from reports.results.shape import make_results
from reports.results.stacks import Inputs
from tests.made_facts import STACK, leaking, make_cell, make_header, make_lines, write_facts

RECIPES = ("plain/create_savepoint", "plain/real_commits", "plain/fresh_database")
OUTER_COMMIT = ("1s> begin", "1c: BEGIN", "1c: INSERT INTO customers VALUES (1)", "1c> commit", "1c: COMMIT")
RAN = datetime(2026, 11, 21, 23, 40, tzinfo=UTC)


def make_made_results(tmp_path, *, days=0, facts=None, blind=False, state="as expected"):
    """Results of one stack: a recipe with one case (facts of its cell given), and controls that behave unless blind."""
    cells = [make_cell("plain/create_savepoint", **(facts or {})), make_cell("plain/fresh_database")]
    cells.append(make_cell("plain/real_commits", timeline=OUTER_COMMIT, **({} if blind else leaking())))
    stack = grade_stack(load_stack(write_facts(tmp_path, make_lines(make_header(RECIPES), cells))))
    row = load_stacks()[STACK]
    results = make_results(Inputs({STACK: stack}, {}, (row,), Content(), RAN + timedelta(days=days), frozenset({STACK})))
    results["baseline"] = {"state": state, "sha256": None}
    return results
