"""Programs on real servers: fixtures with known bugs, production against itself, and what rules leave out."""

import io
import shutil
from threading import Event

import pytest
from rich.console import Console

from matrix.environments.building import prepare_environment
from matrix.explore.enumeration import enumerate_programs, list_programs
from matrix.explore.operations import BASIC, State, advance, is_legal, parse_program
from matrix.explore.stack import ExploreJob, explore_stack
from matrix.explore.telling import tell_reasons
from matrix.plan.contents import FIXTURES, find_recipes
from matrix.plan.rows import load_stacks
from tests.instrument import Bench

STACK = "sa20-psycopg2-postgresql18"
ABOUT = {"depth": 3, "short": 0, "random": 0, "seed": 1, "chosen": 0}

# Lets everything be as in production, and removes the rows afterwards unless {keep}.
CLEANING = """
import pytest
from sqlalchemy import event

from cases.sample import Customer


@pytest.fixture
def session(engine, session_factory):
    session = session_factory()
    session_close = session.close
    said, work = [], []

    @event.listens_for(session, "after_flush")
    def flush(session, context):
        work.append(1)

    for name in ("commit", "rollback", "close"):
        def call(own=getattr(session, name), name=name):
            worked, work[:] = bool(session.new or work), []
            own()
            said.append((name, worked))
        setattr(session, name, call)
    {patch}
    yield session
    said = " ".join(name for name, worked in said if worked or name != "commit")
    session_close()
    if {keep}:
        return
    with engine.begin() as connection:
        connection.execute(Customer.__table__.delete())
"""
NOT_FOUND = "False"
AFTER_ROLLBACK = 'said.endswith("rollback commit")'
FIFTH = '"commit rollback commit" in said'


@pytest.fixture
def bench(tmp_path, postgresql_server):
    bench = Bench(tmp_path, STACK, postgresql_server)
    shutil.copy(FIXTURES / "plain" / "real_commits.py", tmp_path / "fixtures" / "plain")
    return bench


def explore(server, directory, recipes, programs, stack_id=STACK):
    stack = load_stacks()[stack_id]
    job = ExploreJob(stack, prepare_environment(stack).python, server, recipes, programs, ABOUT, directory / "explore", "test", Event())
    return explore_stack(job)


def explore_mutant(bench, programs, keep=NOT_FOUND, patch="pass"):
    recipe = bench.write_recipe("mutant", CLEANING.format(keep=keep, patch=patch))
    return explore(bench.server, bench.folder, [recipe], programs)[0]


def list_basic(depth):
    return list(list_programs(BASIC, depth))


def test_fixture_without_a_bug_has_no_reason(bench):
    line = explore_mutant(bench, list_basic(3))
    assert (line["differing"], line["reasons"], line["unsteady"]) == (0, [], [])


def test_one_bug_is_one_reason(bench):
    line = explore_mutant(bench, list_basic(3), AFTER_ROLLBACK)
    assert [reason["program"] for reason in line["reasons"]] == [["rollback", "flush", "commit"]], line["reasons"]
    assert line["reasons"][0]["left"] == ["rows added: customers"] and line["reasons"][0]["verdict"] == "leaks"


def test_two_bugs_are_two_reasons(bench):
    line = explore_mutant(bench, list_basic(3), AFTER_ROLLBACK, "session.begin_nested = None")
    assert sorted(reason["verdict"] for reason in line["reasons"]) == ["breaks", "leaks"]
    assert line["reasons"][0]["cause"] is None, "what no cause explains comes first"


def test_bug_at_depth_five_is_found(bench):
    programs = [program for program in list_basic(5) if set(program) <= {"flush", "commit", "rollback", "close", "read"}]
    four = explore_mutant(bench, [program for program in programs if len(program) < 5], FIFTH)
    assert four["reasons"] == []
    line = explore_mutant(bench, [program for program in programs if len(program) == 5 and "read" not in program], FIFTH)
    assert [reason["program"] for reason in line["reasons"]] == [["flush", "commit", "rollback", "flush", "commit"]]


def test_what_a_recipe_piles_up_in_its_process_goes_with_the_child(bench):
    """Listeners, say, which make each program slower than the one before."""
    piled = 'import builtins; builtins.piled = [*getattr(builtins, "piled", []), 1]; assert len(builtins.piled) <= 200'
    line = explore_mutant(bench, list_basic(3)[:250], patch=piled)
    assert line["differing"] == 0


def test_what_a_fixture_keeps_that_does_not_end_well_goes_with_the_child(bench):
    """Connections, say, until the pool has none left and the next program waits for one."""
    kept = 'import builtins; builtins.kept = [*getattr(builtins, "kept", []), engine.connect()]'
    line = explore_mutant(bench, list_basic(3)[:20], keep="1 / 0", patch=kept)
    assert line["differing"] == 20
    assert {reason["ended"] for reason in line["reasons"]} == {"finished"}


def test_longer_program_is_shrunk_to_its_reason(bench):
    longer = parse_program("read flush other-add commit read rollback add other-commit flush read commit close")
    (reason,) = explore_mutant(bench, [longer], FIFTH)["reasons"]
    assert " ".join(reason["program"]).replace("add", "flush") == "flush commit rollback flush commit"


def test_controls_do_not_differ(tmp_path, postgresql_server):
    recipes = find_recipes()
    lines = explore(postgresql_server, tmp_path, [recipes["plain/real_commits"]], enumerate_programs(3))
    lines += explore(postgresql_server, tmp_path, [recipes["plain/fresh_database"]], enumerate_programs(1) + list_basic(2))
    assert all(line["reasons"] == line["unsteady"] == [] for line in lines), lines


def test_mysql(tmp_path, mysql_server):
    recipes = find_recipes()
    lines = explore(mysql_server, tmp_path, [recipes["plain/real_commits"], recipes["plain/create_savepoint"]], enumerate_programs(2), "sa20-pymysql-mysql97")
    assert lines[0]["reasons"] == [] and lines[1]["reasons"]


def test_asynchronous(tmp_path, postgresql_server):
    recipes = find_recipes()
    programs = [parse_program(text) for text in ("flush commit read", "parallel-commit", "nested flush undo read", "other-add other-commit other-read")]
    lines = explore(postgresql_server, tmp_path, [recipes["asyncio/real_commits"], recipes["asyncio/create_savepoint"]], programs, "sa20-asyncpg-postgresql18")
    assert lines[0]["reasons"] == []
    assert ["parallel-commit"] in [reason["program"] for reason in lines[1]["reasons"]]


def extend(programs, depth):
    """Return every legal program of the basic alphabet, the redundant ones too."""
    level = [((), State())]
    for _ in range(depth):
        level = [((*program, step), advance(state, step)) for program, state in level for step in BASIC if is_legal(state, step)]
        yield from (program for program, _ in level if program not in programs)


@pytest.mark.parametrize("recipe", ["plain/join_default", "plain/bound_factory_savepoint", "plain/commit_becomes_flush"])
def test_what_rules_leave_out_tells_nothing_new(tmp_path, postgresql_server, recipe):
    """Every reason that a redundant program would give is one that the kept ones give."""
    kept = list_basic(3)
    left_out = list(extend(set(kept), 3))
    assert len(left_out) > 100
    with_kept = explore(postgresql_server, tmp_path, [find_recipes()[recipe]], kept)[0]
    with_all = explore(postgresql_server, tmp_path, [find_recipes()[recipe]], kept + left_out)[0]
    keys = [{(reason["cause"], reason["verdict"]) for reason in line["reasons"]} for line in (with_kept, with_all)]
    assert keys[0] == keys[1]
    shown = [{tuple(reason["program"]) for reason in line["reasons"]} for line in (with_kept, with_all)]
    assert shown[0] == shown[1]


def test_reasons_are_told(bench):
    line = explore_mutant(bench, list_basic(3), AFTER_ROLLBACK)
    screen = io.StringIO()
    tell_reasons(Console(file=screen, width=200), {STACK: [line]})
    assert "rollback flush commit" in screen.getvalue() and "stayed: rows added: customers" in screen.getvalue()
