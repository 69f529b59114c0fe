"""The instrument on known-bad recipes: hangs and crashes end, wider fixtures are not blamed, leaks stay where they are."""

import gc
import os
import statistics

import pytest

from matrix.judging.verdicts import judge_pass
from matrix.servers.directory import RunDirectory
from matrix.supervisor.failures import ControlMisbehaved
from tests.instrument import Bench, pick_cells

CASES = ["commit_once", "commit_twice"]

HEADER = """
    import os, signal, threading, time
    import pytest
    from sqlalchemy import text
    from sqlalchemy.orm import Session
"""
REAL = (
    HEADER
    + """
    @pytest.fixture
    def session(engine):
        session = Session(engine)
        yield session
        session.close()
"""
)
CLEAN = (
    HEADER
    + """
    @pytest.fixture
    def session(engine):
        connection = engine.connect()
        transaction = connection.begin()
        session = Session(connection, join_transaction_mode="create_savepoint")
        yield session
        session.close()
        transaction.rollback()
        connection.close()
"""
)


def test_leak_is_seen_and_never_reaches_the_next_recipe(bench):
    leaky, clean = bench.write_recipe("leaky", REAL), bench.write_recipe("clean", CLEAN)
    lines = bench.run([leaky, clean], CASES)
    for cell in pick_cells(lines, "plain/leaky").values():
        assert judge_pass(cell) == "leaks"
        assert {found["kind"] for found in cell["residue"]} == {"rows_added"}
    assert {judge_pass(cell) for cell in pick_cells(lines, "plain/clean").values()} == {"isolates"}


RECONNECTS = (
    HEADER
    + """
    @pytest.fixture
    def session(engine):
        lost, kept = engine.connect(), engine.connect()
        lost.invalidate()
        lost.close()
        again = engine.connect()
        session = Session(again)
        yield session
        session.close()
        again.close()
        kept.close()
"""
)


def test_a_connection_that_is_made_anew_has_a_lane_of_its_own(bench):
    lines = bench.run([bench.write_recipe("reconnects", RECONNECTS)], ["commit_once"])
    timeline = pick_cells(lines, "plain/reconnects")["commit_once"]["timeline"]
    lanes = {(event["lane"], event["backend"]) for event in timeline}
    assert len(lanes) == len({lane for lane, _ in lanes}) == 3


def test_red_cell_is_confirmed_with_the_servers_own_log(bench):
    lines = bench.run([bench.write_recipe("leaky", REAL)], CASES)
    confirmed = pick_cells(lines, "plain/leaky", "confirmation")
    assert list(confirmed) == CASES[::-1]
    for cell in confirmed.values():
        server = [event for event in cell["timeline"] if event["source"] == "server"]
        assert "commit" in {event["event"] for event in server}
        assert {event["backend"] for event in server} <= {event["backend"] for event in cell["timeline"] if event["source"] == "client"}


def test_red_cell_has_the_servers_own_words_after_its_first_pass(bench):
    lines = bench.run([bench.write_recipe("leaky", REAL), bench.write_recipe("clean", CLEAN)], CASES)
    for cell in pick_cells(lines, "plain/leaky").values():
        assert "commit" in {event["event"] for event in cell["timeline"] if event["source"] == "server"}
        assert {event["event"] for event in cell["meant"]} >= {"statement"}
        assert "statement" not in {event["event"] for event in cell["timeline"] if event["source"] == "client"}
    for cell in pick_cells(lines, "plain/clean").values():
        assert {event["source"] for event in cell["timeline"]} == {"client"}


def test_missing_log_of_the_server_is_recorded_with_its_reason(postgresql_bench, monkeypatch):
    monkeypatch.setattr(postgresql_bench.server, "log_reader", None)  # as if it were somebody else's
    lines = postgresql_bench.run([postgresql_bench.write_recipe("leaky", REAL)], CASES)
    record = next(line for line in lines if line["kind"] == "recipe")
    assert "out of reach" in record["unlogged"]
    timelines = [cell["timeline"] for cell in pick_cells(lines, "plain/leaky", "confirmation").values()]
    assert {event["source"] for timeline in timelines for event in timeline} == {"client"}


def test_directory_of_a_killed_run_is_removed_by_the_next(postgresql_bench):
    abandoned = RunDirectory()
    os.close(abandoned._lock)  # as the kernel does when its process is killed
    lines = postgresql_bench.run([postgresql_bench.write_recipe("clean", CLEAN)], CASES)
    assert lines[-1]["kind"] == "footer"
    assert not abandoned.path.exists()


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("os._exit(3)", {"signal": None, "exit_code": 3}),
        ("os.kill(os.getpid(), signal.SIGKILL)", {"signal": 9, "exit_code": None}),
        ("os.abort()", {"signal": 6, "exit_code": None}),
    ],
)
def test_crash_is_charged_to_its_cell_alone(postgresql_bench, end, expected):
    recipe = postgresql_bench.write_recipe(
        "crashing",
        REAL.replace("session.close()", "session.close(); PLACE").replace(
            "PLACE", f"name = os.environ['PYTEST_CURRENT_TEST']; 'commit_once' in name and {end}"
        ),
    )
    cells = pick_cells(postgresql_bench.run([recipe], CASES), "plain/crashing")
    assert judge_pass(cells["commit_once"]) == "crashes"
    assert {name: cells["commit_once"]["crash"][name] for name in expected} == expected
    assert cells["commit_once"]["crash"]["phase"] == "teardown"
    assert judge_pass(cells["commit_twice"]) == "leaks"


def test_crash_while_the_recipe_is_imported_is_charged_to_every_cell(postgresql_bench):
    recipe = postgresql_bench.write_recipe("dying", HEADER + "\n    os._exit(5)\n")
    cells = pick_cells(postgresql_bench.run([recipe], CASES), "plain/dying")
    assert [judge_pass(cells[name]) for name in CASES] == ["crashes", "crashes"]


def test_recipe_that_cannot_be_imported_breaks_every_case_with_its_error(postgresql_bench):
    recipe = postgresql_bench.write_recipe("unimportable", "import a_module_that_nobody_has\n")
    cells = pick_cells(postgresql_bench.run([recipe], CASES), "plain/unimportable")
    assert [judge_pass(cells[name]) for name in CASES] == ["breaks", "breaks"]
    assert "a_module_that_nobody_has" in cells["commit_once"]["errors"][0]["message"]


HELD_LOCK = REAL.replace(
    "session.close()",
    """
        with engine.connect() as holder, engine.connect() as waiter:
            holder.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 1)"))
            waiter.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 2)"))
        session.close()
""".strip(),
)


def test_hopeless_lock_wait_is_cancelled_at_once(bench):
    """Median at most 50 ms on PostgreSQL, 150 ms on MySQL and MariaDB, from the beginning of the wait."""
    recipe = bench.write_recipe("deadlocked", HELD_LOCK)
    gc.collect()
    gc.freeze()  # the tests' own heap is none of the supervisor's: a run has a process of its own
    lines = bench.run([recipe], ["commit_once", "commit_twice", "rollback_only", "savepoint_kept", "close_discards"])
    cells = [cell for name in ("first", "confirmation") for cell in pick_cells(lines, "plain/deadlocked", name).values()]
    assert {judge_pass(cell) for cell in cells} == {"hangs"}
    assert {(cell["hang"]["reason"], cell["hang"]["step"]) for cell in cells} == {("lock wait", "cancelled")}
    after = [measure_wait(cell) for cell in pick_cells(lines, "plain/deadlocked").values()]
    print(f"lock waits ended after {[round(seconds * 1000) for seconds in after]} ms")
    assert len(after) == 5
    assert statistics.median(after) <= (0.05 if "postgresql" in bench.stack_id else 0.15)


def measure_wait(cell):
    """Return the seconds from the statement that waits to the client's error."""
    second = next(event for event in cell["timeline"] if "'held', 2" in event["text"] and event["event"] == "statement")
    return next(event for event in cell["timeline"] if event["event"] == "error")["at"] - second["at"]


LEGITIMATE = REAL.replace(
    "session.close()",
    """
        with engine.connect() as holder, engine.connect() as waiter:
            holder.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 1)"))
            thread = threading.Thread(target=lambda: (time.sleep(0.4), holder.rollback()))
            thread.start()
            waiter.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 2)"))
            thread.join()
        session.close()
""".strip(),
)


def test_legitimate_wait_is_not_disturbed(bench):
    cell = pick_cells(bench.run([bench.write_recipe("waiting", LEGITIMATE)], ["commit_once"]), "plain/waiting")["commit_once"]
    assert cell["hang"] is None and cell["errors"] == []


ASYNCHRONOUS = """
    import asyncio
    import pytest_asyncio
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession

    async def release(holder):
        await asyncio.sleep(0.4)
        await holder.rollback()

    async def work(holder):
        await holder.execute(text("SELECT pg_sleep(0.4)"))
        await holder.rollback()

    @pytest_asyncio.fixture
    async def session(engine):
        session = AsyncSession(engine)
        yield session
        await session.close()
        async with engine.connect() as holder, engine.connect() as waiter:
            await holder.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 1)"))
            RELEASE
            await waiter.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 2)"))
"""


@pytest.mark.parametrize("stack", ["sa20-psycopg_async-postgresql18", "sa20-asyncpg-postgresql18"])
@pytest.mark.parametrize(
    ("release", "reason"),
    [("pass", "lock wait"), ("task = asyncio.create_task(release(holder))", None), ("task = asyncio.create_task(work(holder))", None)],
    ids=["hopeless", "asleep", "at work"],
)
def test_lock_wait_of_an_event_loop_is_judged_by_what_may_still_wake_it(tmp_path, postgresql_server, stack, release, reason):
    """psycopg wakes its loop ten times a second to look for the answer: such a timer releases no lock."""
    bench = Bench(tmp_path, stack, postgresql_server, family="asyncio")
    recipe = bench.write_recipe("waiting", ASYNCHRONOUS.replace("RELEASE", release))
    cell = pick_cells(bench.run([recipe], ["commit_once"]), "asyncio/waiting")["commit_once"]
    assert (cell["hang"] and cell["hang"]["reason"]) == reason


HELD_IN_A_THREAD = REAL.replace(
    "session.close()",
    """
        with engine.connect() as holder, engine.connect() as waiter:
            holder.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 1)"))
            RELEASE
            thread = threading.Thread(target=lambda: waiter.execute(text("INSERT INTO customers (name, credit) VALUES ('held', 2)")))
            thread.start()
            thread.join()
        session.close()
""".strip(),
)


@pytest.mark.parametrize(
    ("release", "reason"), [("pass", "lock wait"), ("threading.Timer(0.4, holder.rollback).start()", None)], ids=["hopeless", "legitimate"]
)
def test_lock_wait_of_a_thread_is_judged_by_what_the_others_do(tmp_path, mysql_server, release, reason):
    bench = Bench(tmp_path, "sa20-pymysql-mysql97", mysql_server)
    recipe = bench.write_recipe("waiting", HELD_IN_A_THREAD.replace("RELEASE", release))
    cell = pick_cells(bench.run([recipe], ["commit_once"]), "plain/waiting")["commit_once"]
    assert (cell["hang"] and cell["hang"]["reason"]) == reason


@pytest.mark.parametrize(("wait", "step"), [("time.sleep(600)", "killed"), ("session.execute(text('SELECT pg_sleep(600)'))", "cancelled")])
def test_every_other_hang_ends_at_the_deadline(postgresql_bench, wait, step):
    recipe = postgresql_bench.write_recipe("sleeping", REAL.replace("yield session", f"yield session\n        {wait}"))
    cell = pick_cells(postgresql_bench.run([recipe], ["commit_once"]), "plain/sleeping")["commit_once"]
    assert judge_pass(cell) == "hangs"
    assert (cell["hang"]["reason"], cell["hang"]["step"]) == ("deadline", step)


HELD_FOR_THE_MODULE = (
    HEADER
    + """
    @pytest.fixture(scope="module")
    def connection(engine):
        with engine.connect() as connection:
            transaction = connection.begin()
            connection.execute(text("INSERT INTO customers (name, credit) VALUES ('seed of the module', 1)"))
            yield connection
            transaction.rollback()

    @pytest.fixture
    def session(connection):
        nested = connection.begin_nested()
        session = Session(connection, join_transaction_mode="create_savepoint")
        yield session
        session.close()
        nested.rollback()
"""
)
SEEDED = (
    HEADER
    + """
    @pytest.fixture(scope="session")
    def seed(engine):
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO customers (name, credit) VALUES ('seed', 1)"))
        yield
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM customers WHERE name = 'seed'"))
"""
    + CLEAN.replace(HEADER, "").replace("(engine)", "(engine, seed)")
)


@pytest.mark.parametrize("text", [HELD_FOR_THE_MODULE, SEEDED], ids=["transaction", "seed"])
def test_wider_fixture_belongs_to_the_baseline(bench, text):
    lines = bench.run([bench.write_recipe("wide", text)], CASES)
    assert {judge_pass(cell) for cell in pick_cells(lines, "plain/wide").values()} == {"isolates"}
    assert [line["residue"] for line in lines if line["kind"] == "recipe"] == [[]]


def test_what_a_wider_fixture_leaves_is_the_recipes_own_residue(bench):
    forgetful = SEEDED.replace("DELETE FROM customers WHERE name = 'seed'", "SELECT 1")
    lines = bench.run([bench.write_recipe("forgetful", forgetful), bench.write_recipe("clean", CLEAN)], CASES)
    assert {judge_pass(cell) for cell in pick_cells(lines, "plain/forgetful").values()} == {"isolates"}
    own = {line["recipe"]: [found["kind"] for found in line["residue"]] for line in lines if line["kind"] == "recipe"}
    assert own == {"plain/forgetful": ["rows_added"], "plain/clean": []}


def test_control_that_leaks_too_little_stops_the_stack(postgresql_bench):
    recipe = postgresql_bench.write_recipe("real_commits", CLEAN)
    with pytest.raises(ControlMisbehaved, match="blind"):
        postgresql_bench.run([recipe], CASES)
    assert not list((postgresql_bench.folder / "data").glob("*.jsonl"))


def test_dirty_process_retires_its_child(postgresql_bench):
    left = CLEAN.replace("connection.close()", "connection.close(); threading.Thread(target=time.sleep, args=(30,), daemon=True).start()")
    cells = pick_cells(postgresql_bench.run([postgresql_bench.write_recipe("threads", left)], CASES), "plain/threads")
    assert [cells[name]["child"] for name in CASES] == [1, 2]
    assert [found["kind"] for found in cells["commit_once"]["process"]] == ["thread_left"]


def test_session_setting_that_goes_back_to_the_pool_is_seen(bench):
    setting = "SET statement_timeout = 12345" if "postgresql" in bench.stack_id else "SET SESSION lock_wait_timeout = 77"
    kept = REAL.replace("yield session", f"yield session\n        session.execute(text('{setting}')); session.commit()")
    cell = pick_cells(bench.run([bench.write_recipe("setting", kept)], ["commit_once"]), "plain/setting")["commit_once"]
    assert [found["object"] for found in cell["process"] if found["kind"] == "session_setting"] in (["statement_timeout"], ["lock_wait_timeout"])


def test_capabilities_of_server_and_driver_are_tried(bench):
    header = bench.run([bench.write_recipe("clean", CLEAN)], ["commit_once"])[0]
    able = {name for name, has in header["capabilities"].items() if has}
    assert {"skip_locked", "threads", "begin_block", "commit_as_you_go", "lost_connections_noticed", "two_phase"} <= able
    assert ("transaction_clock" in able) == ("postgresql" in bench.stack_id)
    assert "asyncio" not in able


def test_session_setting_goes_with_its_connection(postgresql_bench):
    kept = REAL.replace("session.close()", "session.execute(text('SET statement_timeout = 12345')); session.commit(); session.close(); engine.dispose()")
    cell = pick_cells(postgresql_bench.run([postgresql_bench.write_recipe("disposed", kept)], ["commit_once"]), "plain/disposed")["commit_once"]
    assert cell["process"] == []


KEPT_BELOW = (
    HEADER
    + """
    @pytest.fixture
    def session(engine, monkeypatch):
        with engine.connect() as connection:
            connection.execute(text("SET lock_timeout = '9s'"))
            connection.execute(text("INSERT INTO customers (name, credit) VALUES ('kept below', 1)"))
            monkeypatch.setattr(engine.dialect, "do_rollback", lambda connection: None)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM customers WHERE name = 'kept below'")).scalar() == 1
            monkeypatch.undo()
            connection.rollback()
        session = Session(engine)
        yield session
        session.close()
"""
)


def test_probe_ends_no_transaction_that_a_fixture_keeps_open_below_sqlalchemy(postgresql_bench):
    cell = pick_cells(postgresql_bench.run([postgresql_bench.write_recipe("kept", KEPT_BELOW)], ["close_discards"]), "plain/kept")["close_discards"]
    assert cell["errors"] == []
    assert [found["object"] for found in cell["process"]] == ["lock_timeout"]


def test_what_grows_in_the_process_is_told_apart(postgresql_bench):
    """A listener that every test adds to a class stays; the case that shows it is repeated without retirement."""
    kept = CLEAN.replace(
        "yield session", "from sqlalchemy import event\n        event.listen(Session, 'after_commit', lambda session: None)\n        yield session"
    )
    lines = postgresql_bench.run([postgresql_bench.write_recipe("listening", kept)], CASES)
    repeats = next(line["repeats"] for line in lines if line["kind"] == "recipe")
    assert repeats == {"case": "commit_once", "runs": 5, "verdicts": ["isolates"] * 5, "grown": {"listener_left": [1] * 5}}
