"""The witness on every product: sees each kind of residue, raises no false alarm, restores and proves."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from matrix.probe.work import COMMIT, CONNECT, DATABASE, DDL, STATEMENT, TRUNCATE
from matrix.supervisor.child import Child
from matrix.witness import RepairBlocked, Witness, open_witness
from matrix.witness.base import GRACE
from matrix.witness.capabilities import probe_capabilities
from matrix.witness.sight import SCENES
from tests.client import PRODUCTS, Client, Waiter, open_client, wait_until, write_schema

#: Rows that a test may leave: far beyond what the witness reads.
MANY = 3000


@pytest.fixture(scope="module", params=PRODUCTS)
def watched(request) -> Iterator[Witness]:
    server = request.getfixturevalue(PRODUCTS[request.param])
    witness = open_witness(server, f"matrix_witness_{request.param}")
    try:
        yield witness
    finally:
        witness.close()


@pytest.fixture
def witness(watched: Witness) -> Witness:
    watched.build_schema(write_schema(watched.product))
    return watched


@pytest.fixture
def client(witness: Witness) -> Iterator[Client]:
    with open_client(witness) as client:
        yield client


def see(witness: Witness, baseline) -> set[tuple[str, str]]:
    return {(residue.kind, residue.object) for residue in witness.find_residue(baseline)}


# -- what the server can do ----------------------------------------------------------------------

POSTGRESQL = {"advisory_transaction_locks", "deferred_constraints", "lost_updates_refused", "sequences", "skip_locked", "sql_cursors",
              "temporary_tables_dropped_at_commit", "transaction_clock", "transaction_ids", "transaction_settings", "vacuum"}  # fmt: skip
MYSQL = {"autocommit_variable", "errors_undo_statement_only", "procedures_commit_for_caller", "skip_locked", "table_locks", "user_variables"}


def test_capabilities_are_found_and_leave_nothing(witness: Witness) -> None:
    found = {name for name, has in probe_capabilities(witness._open_as_stack).items() if has}
    # whether InnoDB of MariaDB refuses a lost update is a setting of the server, on by default since 11.6
    assert found - {"lost_updates_refused"} == {"postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MYSQL | {"sequences"}}[witness.product] - {
        "lost_updates_refused"
    }
    if witness.product != "mariadb":
        assert ("lost_updates_refused" in found) == (witness.product == "postgresql")
    assert {name for name, has in witness.capabilities.items() if has} >= found
    assert "probe_" not in str(sorted(witness.record_baseline().objects))


def test_prices_are_of_the_server_and_leave_nothing(witness: Witness) -> None:
    before = witness.record_baseline()
    prices = witness.price_work()
    assert set(prices) == {STATEMENT, COMMIT, CONNECT, DDL, TRUNCATE, DATABASE}
    assert all(0 < price < 2 for price in prices.values())
    assert prices[DATABASE] > prices[STATEMENT] and prices[CONNECT] > prices[STATEMENT]
    assert witness.find_residue(before) == []


# -- seeing ------------------------------------------------------------------------------------


def test_every_kind_of_residue_is_seen(witness: Witness) -> None:
    assert witness.prove_sight() == []
    assert witness.find_residue(witness.record_baseline()) == []


def test_a_witness_blinded_for_one_kind_is_found_out(witness: Witness, monkeypatch) -> None:
    looks = {name: getattr(witness, name) for name in ("find_residue", "find_drift")}
    for kind in sorted(SCENES[witness.product].kinds - witness.unseen):
        for name, look in looks.items():
            monkeypatch.setattr(witness, name, lambda *a, look=look, kind=kind, **k: [r for r in look(*a, **k) if r.kind != kind])
        assert witness.prove_sight() == [kind]


def test_a_witness_that_looks_at_an_old_picture_is_found_out(witness: Witness, monkeypatch) -> None:
    picture = witness.record_baseline()
    monkeypatch.setattr(witness, "_observe", lambda baseline=None: picture)
    assert set(witness.prove_sight()) == SCENES[witness.product].kinds - witness.unseen


def test_rows_are_compared_by_content_in_every_table(witness: Witness, client: Client) -> None:
    client.say("insert into customers (id, name, credit) values (1, 'Ann', 1), (2, 'Bob', 2), (3, 'Cid', 3)")
    baseline = witness.record_baseline()
    client.say(
        "update customers set credit = 20 where id = 2",
        "delete from customers where id = 3",
        "insert into customers (id, name) values (4, 'Dan')",
        "update alembic_version set version_num = '3c4d'",
    )
    found = {(r.kind, r.object): r.count for r in witness.find_residue(baseline)}
    # The whole key of alembic_version is its content: a changed row is another row.
    assert found == {
        ("rows_changed", "customers"): 1,
        ("rows_removed", "customers"): 1,
        ("rows_added", "customers"): 1,
        ("rows_added", "alembic_version"): 1,
        ("rows_removed", "alembic_version"): 1,
    }


def test_a_row_rewritten_with_the_same_content_is_no_residue(witness: Witness, client: Client) -> None:
    client.say("insert into customers (id, name) values (1, 'Ann'), (2, 'Bob')")
    baseline = witness.record_baseline()
    client.say("delete from customers", "insert into customers (id, name) values (2, 'Bob'), (1, 'Ann')")
    assert witness.find_residue(baseline) == []


def test_thousands_of_rows_are_counted_exactly_and_removed(witness: Witness, client: Client) -> None:
    client.say("insert into customers (id, name) values (1, 'Ann'), (2, 'Bob')")
    baseline = witness.record_baseline()
    values = ", ".join(f"({n}, 'customer {n}')" for n in range(10, 10 + MANY))
    client.say("delete from customers where id = 1", f"insert into customers (id, name) values {values}")
    residue = witness.find_residue(baseline)
    assert {(r.kind, r.count) for r in residue} == {("rows_added", MANY), ("rows_removed", 1)}
    assert len(str(residue)) < 5000
    assert witness.repair(baseline, residue) == "rows"
    assert client.say("select id, name from customers order by id") == [(1, "Ann"), (2, "Bob")]


def test_residue_of_a_connection_that_is_just_closing_is_not_reported(witness: Witness) -> None:
    baseline = witness.record_baseline()
    for _ in range(20):
        with open_client(witness) as client:
            client.say("begin", "insert into customers (name) values ('Ann')")
        assert witness.find_residue(baseline) == []


def test_ten_thousand_rolled_back_changes_raise_no_alarm(witness: Witness, client: Client) -> None:
    client.say("insert into customers (name) values ('Ann')")
    baseline = witness.record_baseline()
    work = ["begin", "insert into customers (name) values ('Bob')", "savepoint one", "update customers set credit = 5", "rollback to savepoint one", "rollback"]
    for _ in range(200):
        client.say(*work)
        assert witness.find_residue(baseline) == []
        witness.find_drift(baseline)
        client.say_at_once(*work * 49)
        assert witness.find_residue(baseline) == []


def test_what_the_baseline_holds_is_no_residue(witness: Witness, client: Client) -> None:
    client.say("begin", "insert into customers (id, name) values (7, 'seed')")
    baseline = witness.record_baseline()
    client.say("savepoint one", "select count(*) from alembic_version", "rollback to savepoint one")
    assert witness.find_residue(baseline, alive=[client.backend]) == []
    client.say("select count(*) from orders")  # reading in the module's own transaction
    assert witness.find_residue(baseline, alive=[client.backend]) == []
    client.say("insert into orders (sku, customer_id) values ('left', 7)")
    assert ("lock_held", "orders") in see(witness, baseline)
    client.say("rollback", "begin", "insert into customers (id, name) values (7, 'other')")
    assert "open_transaction" in {kind for kind, _ in see(witness, baseline)}


def test_drift_is_told_apart_and_once(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("begin", "insert into customers (name) values ('Ann')", "rollback")
    assert witness.find_residue(baseline) == []
    drift = witness.find_drift(baseline)
    assert [(d.kind, "customers" in d.object) for d in drift] == [("sequence_drift", True)]
    assert witness.find_residue(baseline) == []
    assert witness.find_drift(baseline) == []


def test_two_witnesses_on_one_server_do_not_disturb_each_other(witness: Witness, client: Client, request) -> None:
    server = request.getfixturevalue(PRODUCTS[witness.product])
    other = open_witness(server, f"matrix_neighbour_{witness.product}")
    noise = threading.Event()
    alarms: list = []

    def disturb() -> None:
        other.build_schema(write_schema(other.product))
        baseline = other.record_baseline()
        with open_client(other) as neighbour:
            while not noise.is_set():
                neighbour.say("create table extra (id int)", "insert into customers (name) values ('Ann')")
                residue = other.find_residue(baseline)
                if {r.kind for r in residue} != {"table_created", "rows_added"}:
                    alarms.append(residue)
                other.repair(baseline, residue)
                neighbour.say("begin", "update alembic_version set version_num = '0'", "rollback")

    try:
        baseline = witness.record_baseline()
        thread = threading.Thread(target=disturb)
        thread.start()
        for _ in range(60):
            client.say("begin", "insert into customers (name) values ('Ann')", "rollback")
            assert witness.find_residue(baseline) == []
        noise.set()
        thread.join(20)
        assert not alarms and not thread.is_alive()
    finally:
        noise.set()
        other.close()


def test_a_neighbour_that_holds_everything_is_left_alone(witness: Witness, request) -> None:
    baseline = witness.record_baseline()
    other = open_witness(request.getfixturevalue(PRODUCTS[witness.product]), f"matrix_neighbour_{witness.product}")
    lock = "pg_advisory_lock(1)" if witness.product == "postgresql" else f"get_lock('{other.account.database}', 0)"
    try:
        other.build_schema(write_schema(other.product))
        with open_client(other) as neighbour:
            neighbour.say(f"create database {other.account.database}_more", f"select {lock}", "create temporary table scratch (id int)")
            neighbour.say("begin", "insert into customers (name) values ('Bob')")
            assert witness.find_residue(baseline) == []
            assert neighbour.backend not in witness.list_backends()
    finally:
        other.close()


# -- repairing ---------------------------------------------------------------------------------

LEAVINGS = {
    "committed rows": (["insert into customers (id, name) values (5, 'Eve')", "insert into orders (sku, customer_id) values ('a', 5)"], "rows"),
    "deleted rows": (["delete from alembic_version"], "rows"),
    "changed rows": (["update customers set name = 'It''s 100%% new' where id = 1"], "rows"),
    "truncated table": (["truncate table alembic_version"], "rows"),
    "extra table": (["create table extra (id int primary key)", "insert into extra values (1)"], "objects"),
    "extra table and rows": (["create table extra (id int)", "delete from alembic_version"], "objects, rows"),
    "extra view and index": (["create view extra as select 1 as one", "create index extra_index on orders (sku)"], "objects"),
    "dropped table": (["drop table orders"], "schema"),
    "dropped column": (["alter table orders drop column sku"], "schema"),
    "added column": (["alter table orders add extra int"], "schema"),
    "everything dropped": (["drop table orders", "drop table customers", "drop table alembic_version"], "schema"),
}


@pytest.mark.parametrize("leaving", LEAVINGS)
def test_repair_restores_the_baseline_in_the_cheapest_way(witness: Witness, client: Client, leaving: str) -> None:
    statements, how = LEAVINGS[leaving]
    client.say("insert into customers (id, name, credit) values (1, 'Ann', null), (3, 'O''Hara, \\ \"q\"', 3)")
    customers = client.say("select * from customers order by id")
    baseline = witness.record_baseline()
    client.say(*statements)
    residue = witness.find_residue(baseline)
    assert residue
    assert witness.repair(baseline, residue) == how
    assert witness.find_residue(baseline) == []
    assert client.say("select version_num from alembic_version") == [("1a2b",)]
    assert client.say("select * from customers order by id") == customers
    client.say("insert into customers (id, name) values (10, 'Zoe')", "insert into orders (sku, customer_id) values ('b', 10)")


def test_repair_ends_the_open_transactions_that_it_is_told_of(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("begin", "insert into customers (name) values ('Ann')")
    residue = witness.find_residue(baseline, alive=[client.backend])
    assert {r.backend for r in residue} == {client.backend}
    assert witness.repair(baseline, residue) == "terminated 1 backend"
    assert witness.find_residue(baseline) == []
    assert client.backend not in witness.list_backends()


def test_repair_releases_user_level_locks(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("select pg_advisory_lock(42)" if witness.product == "postgresql" else f"select get_lock('{witness.account.database}_42', 0)")
    residue = witness.find_residue(baseline, alive=[client.backend])
    assert [(r.kind, r.backend) for r in residue] == [("advisory_lock_held", client.backend)]
    witness.repair(baseline, residue)
    assert witness.find_residue(baseline) == []


def test_repair_rolls_back_prepared_transactions_and_drops_databases(witness: Witness) -> None:
    name, baseline = witness.account.database, witness.record_baseline()
    with open_client(witness) as client:
        client.say(f"create database {name}_extra")
        if witness.product == "postgresql":
            client.say("begin", "insert into customers (name) values ('Ann')", f"prepare transaction '{name}_x'")
        else:
            client.say(f"xa start '{name}_x'", "insert into customers (name) values ('Ann')", f"xa end '{name}_x'", f"xa prepare '{name}_x'")
    residue = witness.find_residue(baseline)
    assert {r.kind for r in residue} == {"prepared_transaction", "database_created"}
    assert witness.repair(baseline, residue) == "prepared transactions, databases"
    assert witness.find_residue(baseline) == []


def test_a_repair_behind_a_live_transaction_is_blocked_not_stuck(witness: Witness, client: Client) -> None:
    client.say("insert into customers (id, name) values (1, 'Ann')")
    with open_client(witness) as holder:
        holder.say("begin", "update customers set credit = 9 where id = 1")
        baseline = witness.record_baseline()
        client.say("insert into customers (id, name) values (2, 'Bob')")
        residue = witness.find_residue(baseline)
        began = time.monotonic()
        with pytest.raises(RepairBlocked) as blocked:
            witness.repair(baseline, residue)
        assert time.monotonic() - began < 2.5
        assert holder.backend in blocked.value.backends
        assert str(holder.backend) in str(blocked.value)
    witness.repair(baseline, residue)
    assert witness.find_residue(baseline) == []


def test_build_schema_behind_a_live_transaction_is_blocked_not_stuck(witness: Witness) -> None:
    with open_client(witness) as holder:
        holder.say("begin", "select count(*) from customers")
        with pytest.raises(RepairBlocked):
            witness.build_schema(write_schema(witness.product))


def test_a_failed_repair_says_what_is_left(witness: Witness, client: Client) -> None:
    client.say("create table made_by_a_fixture (id int)")
    baseline = witness.record_baseline()
    client.say("drop table made_by_a_fixture")
    with pytest.raises(Exception, match="table_dropped made_by_a_fixture"):
        witness.repair(baseline, witness.find_residue(baseline))


# -- lock waits --------------------------------------------------------------------------------

ROW = ["begin", "update customers set credit = 1 where id = 1"]
WAITS = {
    "row": (ROW, "update customers set credit = 2 where id = 1"),
    "unique key": (["begin", "insert into customers (id, name) values (9, 'Ivy')"], "insert into customers (id, name) values (9, 'Ivy')"),
    "schema change": (["begin", "select count(*) from alembic_version"], "alter table alembic_version add extra int"),
    "whole table": ({"postgresql": ["begin", "lock table alembic_version"], None: ["lock tables alembic_version write"]}, "select * from alembic_version"),
    "user level": ({"postgresql": ["select pg_advisory_lock(7)"], None: ["select get_lock('{name}_7', 0)"]},
                   {"postgresql": "select pg_advisory_lock(7)", None: "select get_lock('{name}_7', 20)"}),
}  # fmt: skip
#: Seconds from the beginning of a wait until the waiter is free, as the project promises them.
PROMISED = {"postgresql": 0.05, "mysql": 0.15, "mariadb": 0.15}
POLL = 0.015


def choose(per_product, witness: Witness):
    chosen = per_product.get(witness.product, per_product.get(None)) if isinstance(per_product, dict) else per_product
    name = witness.account.database
    return chosen.format(name=name) if isinstance(chosen, str) else [statement.format(name=name) for statement in chosen]


def cancel_first_wait(witness: Witness, waiter: Waiter) -> tuple[int, tuple[int, ...]]:
    while waiter.is_alive():
        time.sleep(POLL)
        for wait in witness.find_lock_waits():
            witness.cancel(wait.waiter)
            waiter.join(2)
            return wait.waiter, wait.holders
    raise AssertionError("nobody waited")


@pytest.mark.parametrize("bystanders", [0, 2], ids=["alone", "with bystanders"])
@pytest.mark.parametrize("kind", WAITS)
def test_a_lock_wait_is_recognised_with_its_holder_and_cancelled_in_time(witness: Witness, client: Client, kind: str, bystanders: int) -> None:
    hold, wait = (choose(part, witness) for part in WAITS[kind])
    client.say("insert into customers (id, name) values (1, 'Ann'), (2, 'Bob'), (3, 'Cid')")
    took = []
    for _ in range(5):
        others = [Client(witness.account, witness.product) for _ in range(bystanders)]
        for number, other in enumerate(others, 2):
            other.say("begin", f"update customers set credit = 0 where id = {number}")
        with open_client(witness) as holder, open_client(witness) as second:
            assert witness.find_lock_waits() == []
            holder.say(*hold)
            waiter = Waiter(second, wait)
            found = cancel_first_wait(witness, waiter)
            assert (found[0], holder.backend in found[1]) == (second.backend, True)
            assert waiter.error or waiter.rows[0][0] is None  # MariaDB's GET_LOCK answers NULL
            took.append(waiter.took)
        for other in others:
            other.close()
        assert wait_until(lambda: len(witness.list_backends()) == 1)
    assert statistics.median(took) <= PROMISED[witness.product]


def test_a_cancelled_or_terminated_backend_that_has_gone_is_no_error(witness: Witness) -> None:
    with open_client(witness) as client:
        backend = client.backend
        assert backend in witness.list_backends()
    assert wait_until(lambda: backend not in witness.list_backends())
    witness.cancel(backend)
    witness.terminate(backend)


# -- the statement log -------------------------------------------------------------------------


def test_the_servers_own_log_gives_all_statements_in_order(witness: Witness) -> None:
    said = [
        "BEGIN", "INSERT INTO customers (name) VALUES ('first\n  and second line')", "SAVEPOINT one",
        "UPDATE customers SET credit = 1", "ROLLBACK TO SAVEPOINT one", "RELEASE SAVEPOINT one",
        "COMMIT", "BEGIN", "DELETE FROM customers", "ROLLBACK",
    ]  # fmt: skip
    began = time.time()
    witness.start_statements()
    try:
        with open_client(witness) as first, open_client(witness) as second:
            first.say(*said)
            second.say("SELECT 2 AS second_client")
            heard = witness.read_statements()
            assert [s.text for s in heard if s.backend == first.backend][-len(said) :] == said  # drivers say SET before
            assert heard[-1].text == "SELECT 2 AS second_client"
            assert heard[-1].backend == second.backend
            assert all(began - 1 < s.at < time.time() + 1 for s in heard)
            assert [s.at for s in heard] == sorted(s.at for s in heard)
            first.say("SELECT 3 AS again")
            assert [s.text for s in witness.read_statements()] == ["SELECT 3 AS again"]
    finally:
        witness.stop_statements()
    with open_client(witness) as client:
        client.say("SELECT 4 AS unheard")
    assert witness.read_statements() == []


# -- beginning and end -------------------------------------------------------------------------


def test_close_drops_what_was_created_and_may_be_called_twice(witness: Witness, request) -> None:
    server = request.getfixturevalue(PRODUCTS[witness.product])
    other = open_witness(server, f"matrix_closing_{witness.product}")
    with open_client(other) as client:
        client.say(f"create database {other.account.database}_more")
        other.close()
        other.close()
    with pytest.raises(Exception, match=r"(?i)denied|failed|does not exist"):
        Client(other.account, other.product)


def test_the_password_is_not_shown(witness: Witness) -> None:
    assert witness.account.password not in repr(witness.account)
    assert len(witness.account.password) >= 20


def test_client_of_a_backend_is_known_by_its_port(witness: Witness) -> None:
    """A process that stands still keeps its connections: no need to wait whether their backends go away."""
    child = Child.__new__(Child)
    child.pid = os.getpid()
    with open_client(witness) as client:
        port = witness.list_clients()[client.backend]
        assert port in child.list_ports()
    assert port not in child.list_ports()


def test_backend_whose_client_stays_is_not_waited_for(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("begin", "select version_num from alembic_version")
    for staying, waits in (([client.backend], False), ([], True)):
        began = time.monotonic()
        assert "open_transaction" in {r.kind for r in witness.find_residue(baseline, lambda staying=staying: staying)}
        assert (time.monotonic() - began > GRACE) == waits
