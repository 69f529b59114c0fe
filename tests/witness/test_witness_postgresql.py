"""What only PostgreSQL has: its catalogue, its kinds of objects, its log's text."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from matrix.servers import LogUnavailable
from matrix.witness import Witness, WitnessError, open_witness
from matrix.witness.postgresql.log import parse_log
from tests.client import Client, open_client, wait_until, write_schema

MORE = [
    "create type mood as enum ('sad', 'happy')",
    "create domain positive as int check (value > 0)",
    "create type pair as (one int, two text)",
    "create schema audit",
    "create table audit.log (at int, what text, how mood, parts text[], raw bytea, twice int generated always as (at * 2) stored)",
    "create table shelves (id int generated always as identity, code numeric(6,2) primary key, size positive)",
    "create sequence ticket start 5",
    "create view happy as select * from customers where credit > 0",
    "create materialized view counted as select count(*) as n from customers",
    "create function audit.note() returns trigger language plpgsql as $$begin insert into audit.log (at, what) values (1, tg_op); return new; end$$",
    "create trigger noted after insert or delete on customers for each row execute function audit.note()",
    "create table parts (id int, region text) partition by list (region)",
    "create table parts_north partition of parts for values in ('north')",
]

#: Every one of them must be seen, and none leaves the fingerprint as it was.
CHANGES = {
    "alter type mood add value 'angry'": {("type_dropped", "mood"), ("type_created", "mood")},
    "alter type pair add attribute three int": {("type_dropped", "pair"), ("type_created", "pair")},
    "alter domain positive set default 3": {("type_dropped", "positive"), ("type_created", "positive")},
    "create type extra as range (subtype = float8)": {("type_created", "extra")},
    "create schema extra": {("schema_created", "extra")},
    "alter table orders alter sku type text": {("column_changed", "orders.sku")},
    "alter table customers alter credit set not null": {("column_changed", "customers.credit")},
    "alter table customers alter credit set default 4": {("column_changed", "customers.credit")},
    "alter table orders rename sku to code": {("column_dropped", "orders.sku"), ("column_added", "orders.code")},
    "alter table audit.log add more int": {("column_added", "audit.log.more")},
    "alter table audit.log rename to diary": {("table_dropped", "audit.log"), ("table_created", "audit.diary")},
    "alter table customers drop constraint customers_name_key": {("constraint_dropped", "customers.customers_name_key")},
    "alter table orders rename constraint orders_customer_id_fkey to parent": {("constraint_dropped", "orders.orders_customer_id_fkey"), ("constraint_added", "orders.parent")},
    "alter table orders enable row level security": {("column_changed", "orders")},
    "create policy mine on orders using (sku = 'a')": {("constraint_added", "orders.mine")},
    "create rule none as on delete to orders do instead nothing": {("trigger_created", "orders.none")},
    "alter table customers disable trigger noted": {("trigger_dropped", "customers.noted"), ("trigger_created", "customers.noted")},
    "create or replace view happy as select * from customers where credit > 9": {("view_dropped", "happy"), ("view_created", "happy")},
    "create or replace function audit.note() returns trigger language plpgsql as 'begin return old; end'": {
        ("routine_dropped", "audit.note()"),
        ("routine_created", "audit.note()"),
    },
    "create procedure extra() language sql as 'select 1'": {("routine_created", "extra()")},
    "alter sequence ticket increment 3": {("sequence_dropped", "ticket"), ("sequence_created", "ticket")},
    "create index extra on orders (lower(sku)) where sku <> ''": {("index_created", "extra")},
    "create table parts_south partition of parts for values in ('south')": {("table_created", "parts_south")},
    "alter table parts detach partition parts_north": {("column_changed", "parts_north")},
    "drop schema audit cascade": {("schema_dropped", "audit"), ("table_dropped", "audit.log"), ("routine_dropped", "audit.note()"), ("trigger_dropped", "customers.noted")},
}  # fmt: skip


@pytest.fixture(scope="module")
def watched(postgresql_server) -> Iterator[Witness]:
    witness = open_witness(postgresql_server, "matrix_witness_catalogue")
    try:
        yield witness
    finally:
        witness.close()


@pytest.fixture
def witness(watched: Witness) -> Witness:
    watched.build_schema(write_schema("postgresql") + MORE)
    return watched


@pytest.fixture
def client(witness: Witness) -> Iterator[Client]:
    with open_client(witness) as client:
        yield client


@pytest.mark.parametrize("change", CHANGES)
def test_every_schema_change_is_seen_and_undone(witness: Witness, client: Client, change: str) -> None:
    client.say("insert into customers (name, credit) values ('Ann', 1)", "refresh materialized view counted")
    baseline = witness.record_baseline()
    client.say(change)
    residue = witness.find_residue(baseline)
    assert {(r.kind, r.object) for r in residue} == CHANGES[change]
    witness.repair(baseline, residue)
    assert witness.find_residue(baseline) == []
    assert client.say("select name from customers", "select what from audit.log") == [("INSERT",)]


@pytest.mark.parametrize("change", CHANGES)
def test_a_schema_change_that_is_rolled_back_is_no_residue(witness: Witness, client: Client, change: str) -> None:
    baseline = witness.record_baseline()
    client.say("begin", change, "rollback")
    assert witness.find_residue(baseline) == []
    assert witness.record_baseline().fingerprint == baseline.fingerprint


def test_truncate_and_maintenance_need_no_second_look(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("truncate customers, orders restart identity", "analyze", "vacuum customers", "reindex table customers")
    assert witness.record_baseline().fingerprint == baseline.fingerprint
    assert witness.find_residue(baseline) == []


def test_dropping_and_creating_everything_again_is_clean(witness: Witness, client: Client) -> None:
    client.say("drop schema public cascade", "drop schema audit cascade", "create schema public", *write_schema("postgresql"), *MORE)
    first = witness.record_baseline()
    client.say("drop schema public cascade", "drop schema audit cascade", "create schema public", *write_schema("postgresql"), *MORE)
    assert witness.find_residue(first) == []
    client.say("drop schema public cascade")
    witness.repair(first, witness.find_residue(first))
    client.say("insert into customers (name) values ('Ann')")


def test_a_column_that_moved_is_seen(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("alter table orders drop sku", "alter table orders add sku varchar(20)")
    residue = witness.find_residue(baseline)
    assert [(r.kind, r.object) for r in residue] == [("column_changed", "orders")]
    assert witness.repair(baseline, residue) == "schema"


def test_rows_of_every_kind_of_column_come_back_exactly(witness: Witness, client: Client) -> None:
    fill = [
        "insert into audit.log (at, what, how, parts, raw) values (1, E'a\\tb\"c''d\\\\e,(f)', 'happy', '{\"x,y\",null}', '\\x00ff'), (1, null, null, null, null), (1, null, null, null, null)",
        "insert into shelves (code, size) values (1.50, 3), (2, null)",
        "insert into customers (name, credit) values ('Ann', 1)",
        "insert into orders (sku, customer_id) values (null, 1)",
        "insert into parts values (1, 'north')",
        "refresh materialized view counted",
    ]
    client.say(*fill)
    tables = ("audit.log", "shelves", "customers", "orders", "parts", "counted")
    before = [client.say(f"select * from {table}") for table in tables]
    baseline = witness.record_baseline()
    client.say(
        "delete from orders", "delete from customers", "delete from audit.log", "update shelves set size = 9", "delete from parts",
        "insert into audit.log (at) values (5)", "refresh materialized view counted",
    )  # fmt: skip
    assert witness.repair(baseline, witness.find_residue(baseline)) == "rows"
    assert [client.say(f"select * from {table}") for table in tables] == before


def test_rows_behind_a_table_lock_do_not_stop_the_look(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("insert into customers (name) values ('Ann')", "begin", "lock table orders")
    found = {(r.kind, r.object) for r in witness.find_residue(baseline, alive=[client.backend])}
    assert {("open_transaction", "idle in transaction"), ("lock_held", "orders"), ("rows_added", "customers")} <= found


def test_sequences_come_back_with_the_schema(witness: Witness, client: Client) -> None:
    client.say("insert into customers (name) values ('Ann'), ('Bob')", "select nextval('ticket')", "refresh materialized view counted")
    baseline = witness.record_baseline()
    client.say("drop table orders", "select nextval('ticket')")
    assert witness.repair(baseline, witness.find_residue(baseline)) == "schema"
    client.say("insert into customers (name) values ('Cid')")
    assert client.say("select max(id) from customers") == [(3,)]
    assert client.say("select nextval('ticket')") == [(6,)]


def test_a_database_from_a_template_is_seen_and_dropped_with_its_connections(witness: Witness) -> None:
    baseline, name = witness.record_baseline(), witness.account.database
    with open_client(witness) as client:
        client.say(f"create database {name}_copy template template0")
        copy = Client(witness.account.__class__(**{**vars(witness.account), "database": f"{name}_copy"}), "postgresql")
        copy.say("create table inside (id int)", "begin", "select * from inside")
        assert copy.backend in witness.list_backends()
        residue = witness.find_residue(baseline, alive=witness.list_backends())
        assert {r.kind for r in residue} == {"database_created", "open_transaction"}
        witness.repair(baseline, residue)
        copy.close()
    assert witness.find_residue(baseline) == []


def test_a_temporary_table_of_a_live_connection_is_seen_and_dropped(witness: Witness, client: Client) -> None:
    baseline = witness.record_baseline()
    client.say("create temporary table scratch (id int)")
    residue = witness.find_residue(baseline, alive=[client.backend])
    assert [(r.kind, r.object) for r in residue] == [("temp_table", "scratch")]
    assert witness.repair(baseline, residue) == "objects"
    assert witness.find_residue(baseline) == []


def test_a_temporary_table_of_a_closed_connection_is_none(witness: Witness) -> None:
    baseline = witness.record_baseline()
    with open_client(witness) as client:
        client.say("create temporary table scratch (id int)")
    assert witness.find_residue(baseline) == []


def test_only_an_administrator_can_be_a_witness(witness: Witness, postgresql_server) -> None:
    ordinary = type(postgresql_server)(**{**vars(postgresql_server), "user": witness.account.user, "password": witness.account.password})
    with pytest.raises(WitnessError, match="administrator"):
        open_witness(ordinary, "matrix_other")
    wrong = type(postgresql_server)(**{**vars(postgresql_server), "password": "not-the-password"})
    with pytest.raises(WitnessError, match="cannot connect") as refused:
        open_witness(wrong, "matrix_other")
    assert "not-the-password" not in str(refused.value)


@pytest.mark.parametrize("name", ["customers", "matrix_", "matrix_A", "matrix_a;drop", "matrix_" + "a" * 50])
def test_other_names_than_our_own_are_refused(postgresql_server, name: str) -> None:
    with pytest.raises(WitnessError, match="matrix_"):
        open_witness(postgresql_server, name)


LOG = """\
2026-11-21 23:40:00.100 UTC [11] matrix_a LOG:  statement: BEGIN
2026-11-21 23:40:00.200 UTC [12] matrix_b LOG:  statement: DELETE FROM other
2026-11-21 23:40:00.300 UTC [11] matrix_a LOG:  execute <unnamed>: INSERT INTO t
\tVALUES ($1)
2026-11-21 23:40:00.300 UTC [11] matrix_a DETAIL:  Parameters: $1 = '1'
2026-11-21 23:40:00.350 UTC [9]  LOG:  checkpoint starting: time
2026-11-21 23:40:00.400 UTC [11] matrix_a ERROR:  duplicate key
2026-11-21 23:40:00.400 UTC [11] matrix_a STATEMENT:  INSERT INTO t
\tVALUES (2)
2026-11-21 23:40:00.500 UTC [11] matrix_a_copy LOG:  execute stmt_1/portal: SELECT ':'
2026-11-21 23:40:00.550 UTC [12] postgres LOG:  statement: CREATE DATABASE "matrix_a_copy" TEMPLATE "matrix_a"
2026-11-21 23:40:00.560 UTC [12] postgres LOG:  statement: CREATE DATABASE "matrix_b_copy" TEMPLATE "matrix_b"
2026-11-21 23:40:00.600 UTC [11] matrix_a LOG:  statement: COMMIT
"""


def test_the_log_is_read_entry_by_entry() -> None:
    heard = list(parse_log(LOG, "matrix_a", ZoneInfo("UTC")))
    assert [(s.backend, s.text) for s in heard] == [
        (11, "BEGIN"),
        (11, "INSERT INTO t\nVALUES ($1)"),
        (11, "SELECT ':'"),
        (12, 'CREATE DATABASE "matrix_a_copy" TEMPLATE "matrix_a"'),
        (11, "COMMIT"),
    ]
    assert heard[0].at == 1795304400.1


def test_what_was_skipped_in_the_log_is_not_read(witness: Witness) -> None:
    witness.start_statements()
    try:
        with open_client(witness) as client:
            client.say("select 'skipped' as a")
            witness.skip_statements()
            client.say("select 'read' as a")
            assert [s.text for s in witness.read_statements()] == ["select 'read' as a"]
    finally:
        witness.stop_statements()


def test_repair_starts_from_the_residue_that_was_just_seen(witness: Witness, client: Client, monkeypatch) -> None:
    """One look less per red cell; the look that proves the repair stays."""
    baseline, looks = witness.record_baseline(), []
    client.say("insert into customers (name, credit) values ('Ann', 1)")
    residue, find = witness.find_residue(baseline), witness.find_residue
    monkeypatch.setattr(witness, "find_residue", lambda *arguments: looks.append(find(*arguments)) or looks[-1])
    assert witness.repair(baseline, residue) == "rows"
    assert looks == [[]]


def test_statements_of_the_extended_protocol_are_heard(witness: Witness) -> None:
    witness.start_statements()
    try:
        with open_client(witness) as client:
            client._connection.execute("select %s::int as through_parameters", [1], prepare=True)
            assert wait_until(lambda: any("through_parameters" in s.text for s in witness.read_statements()))
    finally:
        witness.stop_statements()


def test_a_server_that_keeps_its_log_to_itself_is_no_failure(postgresql_server, monkeypatch) -> None:
    def refuse(self, offset: int = 0) -> tuple[str, int]:
        raise LogUnavailable("the log is on another machine")

    monkeypatch.setattr(type(postgresql_server), "read_log", refuse)
    witness = open_witness(postgresql_server, "matrix_witness_distant")
    try:
        assert witness.start_statements() == "the log is on another machine"
        assert witness.read_statements() == []
        witness.stop_statements()
    finally:
        witness.close()
