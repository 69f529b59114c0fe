"""Family fastapi: the framework is really gone through, and two people's fixtures do what was seen of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest

from matrix.environments.building import prepare_environment
from matrix.judging.verdicts import judge_pass
from matrix.plan.contents import FIXTURES, Recipe
from matrix.plan.rows import load_databases, load_stacks
from matrix.servers import Server, start_server
from matrix.supervisor.account import name_database, stack_environment
from matrix.witness import open_witness
from tests.conftest import WAYS
from tests.instrument import Bench, pick_cells

ASKED_021 = "sa20-asyncpg-postgresql16-fastapi-asyncio021"
ASKED_023 = "sa20-asyncpg-postgresql16-fastapi-asyncio023"
TODAY = "sa20-asyncpg-postgresql18-fastapi"
ON_MYSQL = "sa20-aiomysql-mysql97-fastapi"
SYNCHRONOUS = "sa20-psycopg2-postgresql18"
SERVERS = {"postgresql16": "postgresql16_server", "postgresql18": "postgresql_server", "mysql97": "mysql_server"}


@pytest.fixture(scope="module")
def postgresql16_server() -> Iterator[Server]:
    server = start_server(load_databases()["postgresql16"], WAYS)
    yield server
    server.stop()


@pytest.fixture
def find_bench(request, tmp_path) -> Callable[[str], Bench]:
    """Function: id of a stack -> a bench of this family on its server."""

    def find(stack: str) -> Bench:
        server = request.getfixturevalue(SERVERS[load_stacks()[stack].database.id])
        return Bench(tmp_path / stack, stack, server, family="fastapi", deadline_s=20.0)

    return find


def take(name: str) -> Recipe:
    """Return a recipe of the family as it is."""
    return Recipe(f"fastapi/{name}", "fastapi", FIXTURES / "fastapi" / f"{name}.py")


def change(bench: Bench, name: str, old: str, new: str) -> Recipe:
    """Return the recipe with one thing broken."""
    text = take(name).path.read_text(encoding="utf-8")
    assert old in text
    return bench.write_recipe(f"changed_{name}", text.replace(old, new))


def judge_cells(bench: Bench, recipe: Recipe, cases: list[str]) -> dict[str, str]:
    """Return the verdict of each case's first pass."""
    return {case: judge_pass(cell) for case, cell in pick_cells(bench.run([recipe], cases), recipe.id).items()}


def list_messages(lines: list[dict], recipe: Recipe, case: str) -> str:
    return "\n".join(error["message"] for error in pick_cells(lines, recipe.id)[case]["errors"])


def list_events(lines: list[dict], recipe: Recipe, case: str) -> list[str]:
    """What reached the server in the confirmation of a red cell, after its BEGIN, settings of the driver left out."""
    timeline = pick_cells(lines, recipe.id, "confirmation")[case]["timeline"]
    return [event["event"] for event in timeline if event["source"] == "server" and event["event"] != "statement"]


@pytest.fixture
def start_project(tmp_path, request) -> Iterator[Callable[..., Callable[..., str]]]:
    """Function: id of a stack and a schema -> function that runs a test module in its environment and returns what was printed."""
    with ExitStack() as witnesses:

        def start(stack_id: str, *schema: str) -> Callable[..., str]:
            stack = load_stacks()[stack_id]
            server = request.getfixturevalue(SERVERS[stack.database.id])
            witness = witnesses.enter_context(closing(open_witness(server, name_database(stack))))
            witness.build_schema(list(schema))
            variables = os.environ | stack_environment(stack, witness.account)
            return partial(run_module, tmp_path, prepare_environment(stack).python, variables)

        yield start


def run_module(folder: Path, python: Path, variables: dict[str, str], text: str, *options: str, **settings: str) -> str:
    """Run one test module with pytest and its settings, and return what it printed."""
    (folder / "test_it.py").write_text(textwrap.dedent(text))
    (folder / "pytest.ini").write_text("[pytest]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    command = [python, "-m", "pytest", "-q", "-s", "--tb=native", "-p", "no:cacheprovider", *options, "test_it.py"]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False).stdout


# The framework is gone through


@pytest.mark.parametrize("name", ["shared_create_savepoint", "request_sessions", "expunging_override"])
def test_without_the_override_requests_commit_for_real(find_bench, name):
    bench = find_bench(TODAY)
    broken = change(bench, name, "app.dependency_overrides[get_session]", "app.dependency_overrides[name_of_nothing]")
    broken.path.write_text(broken.path.read_text() + "\n\ndef name_of_nothing():\n    pass\n")
    assert judge_cells(bench, take(name), ["commit_once"]) == {"commit_once": "isolates"}
    assert judge_cells(bench, broken, ["commit_once"]) == {"commit_once": "leaks"}


NOT_CLOSING = """
    import pytest

    kept = []

    @pytest.fixture(autouse=True)
    def dependency(app, get_session):
        async def get_session_without_end():
            kept.append(app.state.session_factory())
            yield kept[-1]
            CLOSE

        app.dependency_overrides[get_session] = get_session_without_end
"""


def test_dependency_that_does_not_close_its_session_leaves_a_transaction(find_bench):
    bench = find_bench(TODAY)
    closing = bench.write_recipe("closing", NOT_CLOSING.replace("CLOSE", "await kept[-1].close()"))
    forgetting = bench.write_recipe("forgetting", NOT_CLOSING.replace("CLOSE", "pass"))
    assert judge_cells(bench, closing, ["rollback_only"]) == {"rollback_only": "isolates"}
    lines = bench.run([forgetting], ["rollback_only"])
    cell = pick_cells(lines, forgetting.id)["rollback_only"]
    assert judge_pass(cell) == "leaks"
    assert "open_transaction" in {found["kind"] for found in cell["residue"]}


# "Comparing different methods of rolling back database changes in pytest tests for SQLAlchemy"


@pytest.mark.parametrize("stack", [ASKED_021, ASKED_023])
def test_first_fixture_keeps_commits_in_and_breaks_at_a_rollback(find_bench, stack):
    bench, recipe = find_bench(stack), take("shared_default")
    lines = bench.run([recipe], ["commit_once", "commit_twice", "rollback_then_commit"])
    cells = pick_cells(lines, recipe.id)
    assert [judge_pass(cells[name]) for name in ("commit_once", "commit_twice", "rollback_then_commit")] == ["isolates", "isolates", "breaks"]
    assert "Can't operate on closed transaction inside context manager" in list_messages(lines, recipe, "rollback_then_commit")
    assert "savepoint" not in list_events(lines, recipe, "rollback_then_commit")


@pytest.mark.parametrize("stack", [ASKED_021, ASKED_023])
def test_second_fixture_goes_on_after_a_rollback(find_bench, stack):
    cases = ["commit_once", "commit_twice", "rollback_then_commit", "rollback_after_commit", "error_then_rollback"]
    verdicts = judge_cells(find_bench(stack), take("shared_create_savepoint"), cases)
    assert verdicts == dict.fromkeys(cases, "isolates")


MODES = {
    "create_savepoint": ["isolates", "isolates", "isolates"],
    "conditional_savepoint": ["isolates", "leaks", "breaks"],
    "rollback_only": ["isolates", "leaks", "breaks"],
    "control_fully": ["leaks", "leaks", "leaks"],
}


@pytest.mark.parametrize("mode", MODES)
def test_join_modes_differ(find_bench, mode):
    cases = ["commit_once", "rollback_then_commit", "rollback_after_commit"]
    verdicts = judge_cells(find_bench(ASKED_021), take(f"shared_{mode}"), cases)
    assert [verdicts[case] for case in cases] == MODES[mode]


ORDERS = """
    import os
    from contextlib import contextmanager

    import pytest
    from sqlalchemy import BigInteger, Column, String, create_engine, select
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.orm import Session, declarative_base

    Base = declarative_base()

    class Order(Base):
        __tablename__ = "orders"
        id = Column(BigInteger, primary_key=True)
        state = Column(String, nullable=False)

    engine = create_engine(os.environ["MATRIX_DATABASE_URL"])
    modes = [None, "conditional_savepoint", "rollback_only", "create_savepoint", "control_fully"]

    @contextmanager
    def make_session(mode):
        with engine.connect() as connection:
            with connection.begin() as transaction:
                with Session(bind=connection, **({"join_transaction_mode": mode} if mode else {})) as session:
                    yield session
                    transaction.rollback()

    @pytest.mark.parametrize("mode", modes)
    def test_rollback(mode):
        with make_session(mode) as session:
            order = session.execute(select(Order)).scalars().first()
            order.state = "error"
            session.flush()
            session.rollback()
            order.state = "fixed"
            session.commit()

    @pytest.mark.parametrize("mode", modes)
    def test_for_update(mode):
        with make_session(mode) as session:
            order = session.execute(select(Order).with_for_update()).scalars().first()
            order.state = "ready_to_ship"
            session.commit()
            order.state = "shipped"
            session.commit()

    @pytest.mark.parametrize("mode", modes)
    def test_lock_is_free_after_commit(mode):
        with make_session(mode) as session:
            session.execute(select(Order).with_for_update()).scalars().first()
            session.commit()
            with Session(engine) as other:
                other.execute(select(Order).with_for_update(nowait=True))

    def test_nothing_is_left():
        with Session(engine) as session:
            assert [order.state for order in session.execute(select(Order)).scalars()] == ["start"]
"""
ORDER_TABLE = ["CREATE TABLE orders (id BIGINT PRIMARY KEY, state VARCHAR NOT NULL)", "INSERT INTO orders (id, state) VALUES (1, 'start')"]
CLOSED = "Can't operate on closed transaction inside context manager"


def list_failed(printed: str) -> set[str]:
    return set(re.findall(r"^FAILED \S*?\[(\w+)\]", printed, re.MULTILINE))


def test_synchronous_orders_go_on_after_a_rollback_with_create_savepoint_alone(start_project):
    printed = start_project(SYNCHRONOUS, *ORDER_TABLE)(ORDERS, "-k", "test_rollback or nothing_is_left")
    assert list_failed(printed) == {"None", "conditional_savepoint", "rollback_only", "control_fully"}
    assert CLOSED in printed and "nothing_is_left" not in printed


def test_synchronous_for_update_then_commit_fails_with_control_fully_alone_and_leaks_there(start_project):
    printed = start_project(SYNCHRONOUS, *ORDER_TABLE)(ORDERS, "-k", "test_for_update or nothing_is_left")
    assert list_failed(printed) == {"control_fully"}
    assert CLOSED in printed and "['ready_to_ship'] == ['start']" in printed


def test_lock_that_production_releases_at_commit_stays_under_every_mode_that_isolates(start_project):
    printed = start_project(SYNCHRONOUS, *ORDER_TABLE)(ORDERS, "-k", "test_lock_is_free_after_commit")
    assert list_failed(printed) == {"None", "conditional_savepoint", "rollback_only", "create_savepoint"}
    assert printed.count("LockNotAvailable") >= 4


LOOPS = {
    ASKED_021: {"pooled_engine": False, "event_loop_override": True, "null_pool": True, "anyio_plugin": True},
    ASKED_023: {"pooled_engine": False, "event_loop_override": True, "null_pool": True, "anyio_plugin": True},
    TODAY: {"pooled_engine": False, "event_loop_override": False, "session_loop": True, "null_pool": True, "anyio_plugin": True},
}


@pytest.mark.parametrize("stack", LOOPS)
def test_event_loops_and_pools(find_bench, stack):
    bench, cases = find_bench(stack), ["commit_once", "commit_twice"]
    lines = bench.run([take(name) for name in LOOPS[stack]], cases)
    for name, works in LOOPS[stack].items():
        cells = pick_cells(lines, f"fastapi/{name}")
        assert all((judge_pass(cells[case]) == "isolates") is works for case in cases), name
        if not works:
            assert "attached to a different loop" in list_messages(lines, take(name), "commit_once"), name


# "Pytest + SQLAlchemy + Mysql + Fastapi: one standard testing fixture with rollback data automatically"


@pytest.mark.parametrize("name", ["restart_listener_as_written", "restart_listener", "expunging_override"])
def test_restarted_savepoints_on_mysql(find_bench, name):
    cases = ["commit_once", "commit_twice", "rollback_then_commit", "rollback_after_commit"]
    assert judge_cells(find_bench(ON_MYSQL), take(name), cases) == dict.fromkeys(cases, "isolates")


@pytest.mark.parametrize("name", ["restart_listener_as_written", "expunging_override"])
def test_ddl_on_mysql_commits_past_every_savepoint(find_bench, name):
    bench, recipe = find_bench(ON_MYSQL), take(name)
    cell = pick_cells(bench.run([recipe], ["create_table_then_commit"]), recipe.id)["create_table_then_commit"]
    assert judge_pass(cell) == "leaks+breaks"
    assert {"rows_added", "table_created"} <= {found["kind"] for found in cell["residue"]}


TABLE = "CREATE TABLE t (x INTEGER NOT NULL)"
IN_A_CLASS = """
    import os

    import pytest
    from sqlalchemy import event, text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine(os.environ["MATRIX_DATABASE_URL"])

    class TestShop:
        @pytest.fixture(scope="function", autouse=True)
        @classmethod
        async def session(cls):
            connection = await engine.connect()
            trans = await connection.begin()
            session = AsyncSession(bind=connection)
            nested = await connection.begin_nested()

            @event.listens_for(session.sync_session, "after_transaction_end")
            def end_savepoint(_, transaction):
                nonlocal nested
                if not nested.is_active and connection.sync_connection:
                    nested = connection.sync_connection.begin_nested()

            yield session
            await trans.rollback()
            await session.close()
            await connection.close()

        @pytest.mark.parametrize("attempt", [1, 2])
        async def test_commits(self, session, attempt):
            for count in [1, 2]:
                await session.execute(text("INSERT INTO t (x) VALUES (1)"))
                await session.commit()
                assert (await session.execute(text("SELECT count(*) FROM t"))).scalar() == count
"""


def test_fixture_of_a_class_works_on_one_event_loop_alone(start_project):
    run = start_project(ON_MYSQL, TABLE)
    one_loop = {"asyncio_default_test_loop_scope": "session", "asyncio_default_fixture_loop_scope": "session"}
    assert re.search(r"^2 passed", run(IN_A_CLASS, asyncio_mode="auto", **one_loop), re.MULTILINE)
    separate = run(IN_A_CLASS, asyncio_mode="auto")
    assert re.search(r"^1 passed, 1 error", separate, re.MULTILINE)
    assert "attached to a different loop" in separate


EXAMPLE_A = """
    import os

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
    from sqlalchemy.pool import NullPool

    async def test_example():
        engine = create_async_engine(os.environ["MATRIX_DATABASE_URL"], poolclass=NullPool, echo=True)
        async with engine.connect() as connection:
            outer = await connection.begin()
            session = AsyncSession(bind=connection, join_transaction_mode="create_savepoint")
            for x in [1, 2]:
                await session.execute(text("INSERT INTO t (x) VALUES (%d)" % x))
                await session.commit()
            async with engine.connect() as other:
                assert (await other.execute(text("SELECT count(*) FROM t"))).scalar() == 0
            await session.close()
            await outer.rollback()
        async with engine.connect() as other:
            assert (await other.execute(text("SELECT count(*) FROM t"))).scalar() == 0
"""


def test_example_a_releases_savepoints_and_never_commits(start_project):
    printed = start_project(ON_MYSQL, TABLE)(EXAMPLE_A, asyncio_mode="auto", log_cli="true", log_cli_level="INFO")
    assert "1 passed" in printed
    assert printed.count("RELEASE SAVEPOINT") >= 2 and not re.search(r"\bCOMMIT\b", printed)


EXAMPLE_B = """
    import json
    import os
    import time

    import pytest
    from sqlalchemy import text
    from sqlalchemy.exc import TimeoutError
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    async def test_example():
        engine = create_async_engine(os.environ["MATRIX_DATABASE_URL"], pool_size=1, max_overflow=0, pool_timeout=2)
        async with AsyncSession(engine) as first, AsyncSession(engine) as second:
            await first.execute(text("SELECT 1"))
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await second.execute(text("SELECT 1"))
            print(json.dumps({"waited": time.monotonic() - began}))
            await first.close()
            await second.execute(text("SELECT 1"))
        await engine.dispose()
"""


def test_example_b_second_session_waits_for_the_pool_and_times_out(start_project):
    printed = start_project(ON_MYSQL, TABLE)(EXAMPLE_B, asyncio_mode="auto")
    assert "1 passed" in printed
    waited = json.loads(re.search(r'\{"waited".*\}', printed)[0])["waited"]
    assert 1.9 <= waited < 10


TWO_COROUTINES = """
    import asyncio
    import os

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    async def work(session, x):
        await session.execute(text("INSERT INTO t (x) VALUES (%d)" % x))
        await session.commit()

    async def test_two():
        engine = create_async_engine(os.environ["MATRIX_DATABASE_URL"])
        async with engine.connect() as connection:
            outer = await connection.begin()
            sessions = [AsyncSession(connection, join_transaction_mode="create_savepoint") for _ in range(2)]
            results = await asyncio.gather(*(work(session, x) for x, session in enumerate(sessions)), return_exceptions=True)
            print("ERRORS", [str(result) for result in results if result])
            await outer.rollback()
        await engine.dispose()
"""


def test_two_coroutines_on_one_connection_lose_each_others_savepoints(start_project):
    printed = start_project(ON_MYSQL, TABLE)(TWO_COROUTINES, asyncio_mode="auto")
    assert re.search(r"ERRORS .*SAVEPOINT sa_savepoint_\d does not exist", printed)
