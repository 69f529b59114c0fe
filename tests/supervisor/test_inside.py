"""The second look, from inside, on fixtures that are wrong on purpose; and what ends with the collector alone."""

import pytest

from matrix.judging.verdicts import judge_pass
from matrix.supervisor.examination import ALL
from matrix.supervisor.inside import MET
from tests.instrument import pick_cells

HEADER = """
    import gc
    import pytest
    from sqlalchemy import text
    from sqlalchemy.orm import Session
"""
OUTER = (
    HEADER
    + """
    @pytest.fixture(scope="module")
    def connection(engine):
        with engine.connect() as connection:
            transaction = connection.begin()
            yield connection
            transaction.rollback()
"""
)
SEEDS = """connection.execute(text("INSERT INTO customers (name, credit) VALUES ('seed of the module', 1)"))
            yield connection"""
KEEPS_ROWS = (
    OUTER
    + """
    @pytest.fixture
    def session(connection):
        session = Session(connection, join_transaction_mode="create_savepoint")
        yield session
        session.close()
"""
)
UNDOES_ROWS = KEEPS_ROWS.replace("        session = Session(", "        savepoint = connection.begin_nested()\n        session = Session(").replace(
    "        session.close()\n", "        session.close()\n        savepoint.rollback()\n"
)
KEEPS_OBJECTS = (
    HEADER
    + """
    seen = []

    @pytest.fixture
    def session(engine):
        with engine.connect() as connection:
            transaction = connection.begin()
            session = Session(connection, join_transaction_mode="create_savepoint")
            assert len(seen) < 1, "a test that is not the first"
            yield session
            session.close()
            transaction.rollback()
        seen.append(1)
"""
)
LEFT_TO_THE_COLLECTOR = (
    HEADER
    + """
    class Holder:
        pass

    @pytest.fixture
    def session(engine):
        gc.disable()
        holder = Holder()
        holder.itself = holder
        arguments, options = engine.dialect.create_connect_args(engine.url)
        holder.connection = engine.dialect.connect(*arguments, **options)
        cursor = holder.connection.cursor()
        cursor.execute("BEGIN" if engine.dialect.name == "mysql" else "SELECT 1")
        cursor.execute("INSERT INTO customers (name, credit) VALUES ('of the holder', 1)")
        if KEPT is not None:
            KEPT.append(holder)
        del holder, cursor
        with Session(engine) as session:
            yield session
"""
)
CASES = ["close_discards", "commit_once", "rollback_only"]


def judge_all(lines, recipe):
    return {case: judge_pass(cell) for case, cell in pick_cells(lines, recipe).items()}


def list_met(lines, recipe):
    return [case for case, cell in pick_cells(lines, recipe).items() if any(found["kind"] == MET for found in cell["residue"])]


def test_what_never_left_a_wider_transaction_is_met_by_the_next_test(bench):
    """The module's own seed holds the table's lock already: from outside nothing is seen."""
    lines = bench.run([bench.write_recipe("keeps", KEEPS_ROWS.replace("yield connection", SEEDS))], CASES)
    assert list_met(lines, "plain/keeps") == ["commit_once"]
    assert judge_all(lines, "plain/keeps") == {"close_discards": "isolates", "commit_once": "leaks", "rollback_only": "isolates"}
    again = pick_cells(lines, "plain/keeps", "confirmation")["commit_once"]
    assert [found["kind"] for found in again["residue"]] == [MET]


def test_from_outside_its_lock_is_seen_where_the_fixture_had_not_written_yet(bench):
    cells = pick_cells(bench.run([bench.write_recipe("keeps", KEEPS_ROWS)], ["commit_once"]), "plain/keeps")
    assert "lock_held" in {found["kind"] for found in cells["commit_once"]["residue"]}


def test_what_a_savepoint_of_the_test_undid_is_not(bench):
    lines = bench.run([bench.write_recipe("undoes", UNDOES_ROWS)], CASES)
    assert set(judge_all(lines, "plain/undoes").values()) == {"isolates"}


def test_a_wider_transaction_is_not_charged_to_the_first_test(bench):
    """It was begun through SQLAlchemy, which sends BEGIN with the first statement: a test's."""
    cells = pick_cells(bench.run([bench.write_recipe("undoes", UNDOES_ROWS)], CASES), "plain/undoes")
    assert [found for cell in cells.values() for found in cell["residue"]] == []
    assert {cell["child"] for cell in cells.values()} == {1, 2, 3}


def test_what_the_process_carries_is_seen_where_every_clean_cell_is_looked_at(postgresql_bench):
    recipe = postgresql_bench.write_recipe("counts", KEEPS_OBJECTS)
    assert judge_all(postgresql_bench.run([recipe], ["commit_once"]), "plain/counts") == {"commit_once": "isolates"}
    lines = postgresql_bench.run([recipe], ["commit_once"], inside=ALL)
    assert list_met(lines, "plain/counts") == ["commit_once"]
    assert "right after itself: setup: AssertionError: a test that is not the first" in pick_cells(lines, "plain/counts")["commit_once"]["residue"][0]["detail"]


@pytest.mark.parametrize(("kept", "verdict"), [("None", "isolates"), ("[]", "leaks")])
def test_what_ends_with_the_collector_is_no_residue(bench, kept, verdict):
    text = LEFT_TO_THE_COLLECTOR.replace("    class Holder", f"    KEPT = {kept}\n\n    class Holder")
    cell = pick_cells(bench.run([bench.write_recipe("held", text)], ["close_discards"]), "plain/held")["close_discards"]
    assert judge_pass(cell) == verdict
    kinds = {found["kind"] for found in cell["process"]}
    assert ("collected_with_garbage" in kinds) == (verdict == "isolates")
