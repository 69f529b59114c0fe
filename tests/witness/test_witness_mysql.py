"""What MySQL and MariaDB have: a sure sign of DDL, triggers that run, one general log for all."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from matrix.witness import RepairBlocked, Witness, WitnessError, open_witness
from matrix.witness.mysql.catalogue import read_catalogue
from tests.client import Client, Waiter, open_client, wait_until, write_schema

MORE = [
    "create table odd (id int primary key, small float, large double, part decimal(9,3), raw varbinary(9), bits bit(3),"
    " doc json, latin varchar(20) character set latin1, stamp timestamp(6) null, kind enum('a','b'),"
    " twice int generated always as (id * 2) stored)",
    "create table heap (what varchar(20)) engine=MyISAM",
    "create view rich as select id from customers where credit > 0",
    "create procedure note() insert into heap values ('noted')",
    "create trigger noted after insert on customers for each row insert into heap values (new.name)",
]

#: Every one of them must move the server's sign and be seen for what it is.
CHANGES = {
    "create table extra (id int)": {("table_created", "extra")},
    "create table extra as select * from customers": {("table_created", "extra")},
    "create table extra like orders": {("table_created", "extra")},
    "drop table heap": {("table_dropped", "heap")},
    "rename table heap to pile": {("table_dropped", "heap"), ("table_created", "pile")},
    "alter table heap engine=InnoDB": {("column_changed", "heap")},
    "alter table heap comment 'changed'": {("column_changed", "heap")},
    "alter table orders add extra int": {("column_added", "orders.extra")},
    "alter table orders drop column sku": {("column_dropped", "orders.sku")},
    "alter table orders modify sku text": {("column_changed", "orders.sku")},
    "alter table orders alter sku set default 'x'": {("column_changed", "orders.sku")},
    "alter table orders modify sku varchar(20) first": {("column_changed", "orders")},
    "alter table orders rename column sku to code": {("column_dropped", "orders.sku"), ("column_added", "orders.code")},
    "create index extra on orders (sku)": {("index_created", "orders.extra")},
    "alter table customers drop index name": {("index_dropped", "customers.name")},
    "alter table orders add constraint extra check (sku <> '')": {("constraint_added", "orders.extra")},
    "alter table orders drop foreign key orders_ibfk_1": {("constraint_dropped", "orders.orders_ibfk_1")},
    "alter table alembic_version drop primary key": {("constraint_dropped", "alembic_version.PRIMARY")},
    "create view extra as select 1 as one": {("view_created", "extra")},
    "drop view rich": {("view_dropped", "rich")},
    "create or replace view rich as select id from customers": {("view_dropped", "rich"), ("view_created", "rich")},
    "create procedure extra() select 1": {("routine_created", "extra")},
    "create function extra() returns int deterministic return 1": {("routine_created", "extra")},
    "drop procedure note": {("routine_dropped", "note")},
    "create trigger extra before delete on orders for each row set @x = 1": {("trigger_created", "orders.extra")},
    "drop trigger noted": {("trigger_dropped", "customers.noted")},
    "create event extra on schedule every 1 day do select 1": {("routine_created", "extra")},
    "create database {name}_extra": {("database_created", "{name}_extra")},
}  # fmt: skip


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def watched(request) -> Iterator[Witness]:
    server = request.getfixturevalue(f"{request.param}_server")
    witness = open_witness(server, "matrix_witness_objects")
    try:
        yield witness
    finally:
        witness.close()


@pytest.fixture
def witness(watched: Witness) -> Witness:
    watched.build_schema(write_schema(watched.product) + MORE)
    return watched


@pytest.fixture
def client(witness: Witness) -> Iterator[Client]:
    with open_client(witness) as client:
        yield client


def fit(text: str, witness: Witness) -> str:
    return text.replace("{name}", witness.account.database)


@pytest.mark.parametrize("change", CHANGES)
def test_every_schema_change_is_seen_and_undone(witness: Witness, client: Client, change: str) -> None:
    client.say("insert into customers (name, credit) values ('Ann', 1)")
    baseline = witness.record_baseline()
    assert witness.find_residue(baseline) == []
    client.say(fit(change, witness))
    residue = witness.find_residue(baseline)
    assert {(r.kind, r.object) for r in residue} == {(kind, fit(name, witness)) for kind, name in CHANGES[change]}
    witness.repair(baseline, residue)
    assert witness.find_residue(baseline) == []
    assert client.say("select name from customers", "select what from heap") == [("Ann",)]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_finished_two_phase_transaction_is_not_open(witness: Witness, client: Client, end: str) -> None:
    """Its connection goes on, and MySQL's record of it says ACTIVE and PREPARED until the next transaction."""
    baseline = witness.record_baseline()
    client.say(*fit("xa start '{name}_x';insert into alembic_version values ('x');xa end '{name}_x';xa prepare '{name}_x'", witness).split(";"))
    assert "prepared_transaction" in {r.kind for r in witness.find_residue(baseline)}
    client.say(fit(f"xa {end} '{{name}}_x'", witness), "rollback")
    assert {r.kind for r in witness.find_residue(baseline)} == ({"rows_added"} if end == "commit" else set())


def test_a_schema_change_inside_a_procedure_or_a_prepared_statement_is_seen(witness: Witness, client: Client) -> None:
    client.say("create procedure change_it() create table from_procedure (id int)")
    baseline = witness.record_baseline()
    client.say("call change_it()", "prepare one from 'create table from_prepared (id int)'", "execute one")
    assert {r.object for r in witness.find_residue(baseline)} == {"from_procedure", "from_prepared"}


@pytest.mark.parametrize(("sign", "least", "most"), [("kept", 0, 25), ("never the same", 50, 60)])
def test_changing_rows_needs_no_second_look_at_the_schema(witness: Witness, client: Client, monkeypatch, sign: str, least: int, most: int) -> None:
    """MySQL keeps statistics of its own at times; a sign that is never the same shows what the bound would catch."""
    baseline = witness.record_baseline()
    looks = []

    def look(cursor):
        looks.append(1)
        return read_catalogue(cursor)

    monkeypatch.setattr("matrix.witness.mysql.read_catalogue", look)
    if sign == "never the same":
        monkeypatch.setattr(witness, "_fingerprint", "select uuid()")
    for number in range(50):
        client.say("begin", f"update alembic_version set version_num = '{number}'", "savepoint one", "delete from alembic_version", "rollback")
        assert witness.find_residue(baseline) == []
    assert least <= len(looks) <= most


def test_a_schema_change_still_running_when_its_client_dies_is_seen_once_it_ends(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("begin", "select count(*) from alembic_version")
    with open_client(witness) as second:
        waiter = Waiter(second, "alter table alembic_version add extra int")
        assert wait_until(lambda: witness.find_lock_waits() != [])
        while_running = witness.find_residue(baseline, alive=witness.list_backends())
        assert not {r.kind for r in while_running} & {"column_added"}
        client.say("rollback")
        waiter.join(5)
    assert [(r.kind, r.object) for r in witness.find_residue(baseline)] == [("column_added", "alembic_version.extra")]


def test_rows_of_every_kind_of_column_come_back_exactly(witness: Witness, client: Client) -> None:
    client.say(
        "insert into odd (id, small, large, part, raw, bits, doc, latin, stamp, kind) values"
        " (0, 0.1, 1e300/3, 1.5, x'00ff27', b'101', '{\"a\": \"it''s\"}', 'caf\\u00e9', '2026-11-21 23:40:00.123456', 'b'),"
        " (2, null, null, null, null, null, null, null, null, null)".replace("\\u00e9", "\u00e9"),
        "insert into heap values ('a\\'b\\\\c\\nd'), (null), (null), ('')",
        "insert into customers (name) values ('Ann')",
    )
    before = [client.say(f"select * from {table}") for table in ("odd", "heap", "customers")]
    baseline = witness.record_baseline()
    client.say("delete from odd", "insert into heap values ('more')", "delete from customers")
    assert witness.repair(baseline, witness.find_residue(baseline)) in ("rows", "rows, rows")
    assert [client.say(f"select * from {table}") for table in ("odd", "heap", "customers")] == before


def test_a_row_that_differs_only_in_case_or_accent_is_another_row(witness: Witness, client: Client) -> None:
    client.say("insert into heap values ('cafe')")
    baseline = witness.record_baseline()
    client.say("update heap set what = 'Caf\u00e9'")
    assert {r.kind for r in witness.find_residue(baseline)} == {"rows_added", "rows_removed"}


def test_rows_behind_a_table_lock_do_not_stop_the_look(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("insert into customers (name) values ('Ann')", "lock tables orders write")
    began = time.monotonic()
    found = {(r.kind, r.object) for r in witness.find_residue(baseline, alive=[client.backend])}
    assert time.monotonic() - began < 0.9
    assert {("lock_held", "orders"), ("rows_added", "customers")} <= found


def test_a_transaction_without_a_statement_is_seen_on_mysql(witness: Witness, client: Client) -> None:
    if witness.product == "mariadb":
        # It holds nothing, and MariaDB shows it nowhere; one with a snapshot is seen.
        opening = "start transaction with consistent snapshot"
    else:
        opening = "start transaction"
    baseline = witness.record_baseline()
    client.say(opening)
    assert [r.kind for r in witness.find_residue(baseline, alive=[client.backend])] == ["open_transaction"]


def test_two_stacks_share_the_general_log(witness: Witness, client: Client, request) -> None:
    other = open_witness(request.getfixturevalue(f"{witness.product}_server"), "matrix_neighbour_objects")
    try:
        witness.start_statements()
        other.start_statements()
        with open_client(other) as neighbour:
            client.say("select 'mine' as a")
            neighbour.say("select 'theirs' as a")
            assert [s.text for s in witness.read_statements()] == ["select 'mine' as a"]
            witness.stop_statements()
            neighbour.say("select 'still heard' as a")
            assert [s.text for s in other.read_statements()][-2:] == ["select 'theirs' as a", "select 'still heard' as a"]
        other.stop_statements()
        assert witness._cursor.execute("select 1 from dual where @@global.general_log") == 0
    finally:
        other.close()


def test_what_was_skipped_in_the_general_log_is_not_read_and_the_rest_is_found_by_its_time(witness: Witness, client: Client) -> None:
    witness.start_statements()
    try:
        with open_client(witness) as heard:
            heard.say("select 'skipped' as a")
            witness.skip_statements()
            heard.say("select 'read' as a")
            assert [s.text for s in witness.read_statements()] == ["select 'read' as a"]
            assert witness.read_statements() == []
        witness._cursor.execute("explain select * from mysql.general_log where event_time >= now()")
        assert "event_time" in str(witness._cursor.fetchall())
    finally:
        witness.stop_statements()


def test_the_general_log_of_a_given_server_is_left_alone(request, witness: Witness) -> None:
    server = request.getfixturevalue(f"{witness.product}_server")
    given = type(server)(**{**vars(server), "given": True})
    other = open_witness(given, "matrix_given_objects")
    try:
        assert "given" in other.start_statements()
        with open_client(other) as client:
            client.say("select 1")
        assert other.read_statements() == []
        other.stop_statements()
        assert witness._cursor.execute("select 1 from dual where @@global.general_log") == 0
    finally:
        other.close()


def test_a_long_name_still_gives_a_user(request, witness: Witness) -> None:
    name = "matrix_" + "sa20_mysqlclient_mysql97_" + "0123456789abcdef"
    other = open_witness(request.getfixturevalue(f"{witness.product}_server"), name)
    try:
        assert len(other.account.user) <= 32
        assert other.prove_sight() == []
    finally:
        other.close()


def test_a_repair_behind_a_table_lock_of_the_baseline_is_blocked(witness: Witness, client: Client) -> None:
    with open_client(witness) as holder:
        holder.say("lock tables alembic_version read")
        baseline = witness.record_baseline()
        client.say("alter table customers add extra int")
        with pytest.raises(RepairBlocked) as blocked:
            witness.repair(baseline, witness.find_residue(baseline))
        assert holder.backend in blocked.value.backends
    witness.repair(baseline, witness.find_residue(baseline))


def test_only_an_administrator_can_be_a_witness(request, witness: Witness) -> None:
    server = request.getfixturevalue(f"{witness.product}_server")
    ordinary = type(server)(**{**vars(server), "user": witness.account.user, "password": witness.account.password})
    with pytest.raises(WitnessError, match="administrator"):
        open_witness(ordinary, "matrix_other")
    wrong = type(server)(**{**vars(server), "password": "not-the-password"})
    with pytest.raises(WitnessError, match="cannot connect") as refused:
        open_witness(wrong, "matrix_other")
    assert "not-the-password" not in str(refused.value)
