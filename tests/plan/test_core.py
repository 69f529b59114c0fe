"""The core covers what the matrix is about: every line with every product and kind, every framework, the four stories."""

import itertools

import pytest

from matrix.plan.contents import find_cases
from matrix.plan.rows import DEFAULT_PYTHON, load_stacks
from matrix.plan.selection import Selection, make_plan
from reports.stories import load_stories

STACKS = load_stacks()
CORE = [stack for stack in STACKS.values() if stack.core]
FRAMEWORKS = ("flask", "fastapi", "fastapi_sqla", "litestar", "pyramid", "unit_of_work")
LINES = sorted({stack.line for stack in STACKS.values()})


def exists(**wanted):
    return any(all(getattr(stack, name) == value for name, value in wanted.items()) for stack in STACKS.values())


@pytest.mark.parametrize(("line", "product"), list(itertools.product(LINES, ("postgresql", "mysql"))))
def test_each_line_with_each_product(line, product):
    assert any(stack.line == line and stack.database.product == product for stack in CORE)


@pytest.mark.parametrize(("line", "asynchronous"), list(itertools.product(LINES, (False, True))))
def test_each_line_with_each_kind_of_driver_where_that_exists(line, asynchronous):
    assert any(stack.line == line and stack.asynchronous == asynchronous for stack in CORE) == exists(line=line, asynchronous=asynchronous)


@pytest.mark.parametrize("family", FRAMEWORKS)
def test_each_framework(family):
    assert any(family in stack.families for stack in CORE)


@pytest.mark.parametrize("story", load_stories(), ids=lambda story: story.name)
def test_the_nearest_row_of_each_story(story):
    """The story's own row where this Python runs it, else one of its line, kind and family."""
    own = STACKS[story.stack]
    if own.python == DEFAULT_PYTHON:
        assert own.core
    near = [stack for stack in CORE if stack.line == own.line and stack.database.kind == own.database.kind and set(own.families) & set(stack.families)]
    assert near
    assert all(stack.python == DEFAULT_PYTHON for stack in near)


def test_no_row_of_the_core_needs_another_interpreter():
    assert [stack.id for stack in CORE if stack.python != DEFAULT_PYTHON] == []


def test_the_core_is_small():
    assert 10 <= len(CORE) <= 16


def test_a_choice_of_nothing_is_the_core_and_all_is_asked_for():
    core, everything = make_plan(Selection(every=False)), make_plan(Selection())
    assert (core.name, [stack.id for stack in core.stacks]) == ("core", [stack.id for stack in CORE])
    assert {case.level for case in core.cases} == {"essential", "common"}
    assert len(core.cases) == sum(case.level != "limit" for case in find_cases().values())
    assert (everything.name, len(everything.stacks), len(everything.cases)) == ("all", len(STACKS), len(find_cases()))
    assert not core.complete
    assert everything.complete


def test_a_choice_is_run_in_full():
    plan = make_plan(Selection(stacks=(CORE[0].id,), every=False))
    assert (plan.name, len(plan.cases)) == ("selected", len(find_cases()))


def test_controls_run_once_for_each_contract():
    """Recipes of families that share a contract are vouched for by that contract's controls, also where its own recipes do not run."""
    plan = make_plan(Selection())
    controls = {stack.id: [recipe.id for recipe in plan.list_recipes(stack) if recipe.is_control] for stack in plan.stacks}
    assert controls["sa20-psycopg2-postgresql18"] == ["plain/real_commits", "plain/fresh_database"]
    assert controls["sa20-psycopg-postgresql18-plugins"] == ["plain/real_commits", "plain/fresh_database"]
    assert controls["sa20-asyncpg-postgresql16-fastapi-asyncio021"] == [
        f"{family}/{name}" for family in ("asyncio", "fastapi") for name in ("real_commits", "fresh_database")
    ]
    families = {stack.id: {recipe.family for recipe in plan.list_recipes(stack) if not recipe.is_control} for stack in plan.stacks}
    assert families["sa20-psycopg-postgresql18-plugins"] == {"plugins"}
