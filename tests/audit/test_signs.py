"""A sign may only say "surely clean": whatever is committed, and however, the look after it must show it."""

from __future__ import annotations

from contextlib import closing

import pytest

from matrix.audit.address import Address
from matrix.audit.looking import SAMPLE, Looker
from matrix.audit.touched import add_children, list_parents, list_uncounted
from matrix.witness import open_witness
from matrix.witness.observing import SchemaObject, find_differences

TABLES = {
    "postgresql": """create table parents (id int primary key, name text); create table others (id int primary key, name text);
create table children (id int primary key, parent_id int references parents (id) on delete cascade);
create table grandchildren (id int primary key, child_id int references children (id) on delete cascade)""",
    "mysql": """create table parents (id int primary key, name varchar(30)) engine = InnoDB; create table others (id int primary key, name varchar(30));
create table children (id int primary key, parent_id int, foreign key (parent_id) references parents (id) on delete cascade);
create table grandchildren (id int primary key, child_id int, foreign key (child_id) references children (id) on delete cascade)""",
}
SEEDS = "insert into parents values (1, 'one'), (2, 'two'); insert into children values (1, 1); insert into grandchildren values (1, 1); insert into others values (1, 'x')"


class Stage:
    """A database with seed rows, a looker that has looked twice, and connections as the tests have them."""

    def __init__(self, server):
        self.owner = open_witness(server, "matrix_audit_signs")
        account = self.owner.account
        self.writer, self.other = self.owner._open_as_stack(), self.owner._open_as_stack()
        self.say(f"{TABLES[server.database.product]}; {SEEDS}")
        address = Address(server.database.kind, account.host, account.port, account.user, account.database, account.password, (server.user, server.password))
        self.looker = Looker(address)
        self.clean = self.looker.begin()
        self.look()
        self.look()

    def look(self):
        return self.looker.look(self.clean)

    def say(self, statements, connection=None):
        with (connection or self.writer).cursor() as cursor:
            for statement in statements.split(";"):
                cursor.execute(statement)

    def find(self):
        """Return what the next look shows, and whether it was a cheap one."""
        cheap = self.looker.looks["cheap"]
        found = {
            (residue.kind, residue.object) for residue in find_differences(self.clean, self.look()) if residue.kind.startswith(("rows", "table", "column"))
        }
        return found, self.looker.looks["cheap"] > cheap

    def close(self):
        self.looker.close()
        self.writer.close()
        self.other.close()
        self.owner.close()


@pytest.fixture(params=["postgresql", "mysql"])
def stage(request):
    with closing(Stage(request.getfixturevalue(f"{request.param}_server"))) as stage:
        yield stage


COMMITTED = {
    "insert": ("insert into others values (2, 'y')", {("rows_added", "others")}),
    "update": ("update others set name = 'z'", {("rows_changed", "others")}),
    "update-inside-a-transaction": ("begin; update others set name = 'z'; commit", {("rows_changed", "others")}),
    "delete": ("delete from others", {("rows_removed", "others")}),
    "truncate": ("truncate table others", {("rows_removed", "others")}),
    "cascade": ("delete from parents where id = 1", {("rows_removed", name) for name in ("parents", "children", "grandchildren")}),
    "savepoint-released": ("begin; savepoint a; insert into others values (2, 'y'); release savepoint a; commit", {("rows_added", "others")}),
    "one-of-two": ("begin; insert into others values (2, 'y'); rollback; insert into others values (3, 'z')", {("rows_added", "others")}),
    "swapped": ("update parents set name = case id when 1 then 'two' else 'one' end", {("rows_changed", "parents")}),
    "table": ("create table extra (id int)", {("table_created", "extra")}),
    "column": ("alter table others add note int", {("column_added", "others.note")}),
}


@pytest.mark.parametrize("kind", COMMITTED)
def test_what_was_committed_is_seen(stage, kind):
    statements, wanted = COMMITTED[kind]
    stage.say(statements)
    assert wanted <= stage.find()[0]
    assert wanted <= stage.find()[0]  # and stays


UNDONE = {
    "nothing": "select 1",
    "rolled-back": "begin; insert into others values (2, 'y'); update parents set name = 'q'; rollback",
    "savepoint-released-and-rolled-back": "begin; savepoint a; insert into others values (2, 'y'); release savepoint a; rollback",
    "failed": "begin; insert into others values (2, 'y'); savepoint b; delete from parents; rollback to savepoint b; rollback",
}


@pytest.mark.parametrize("kind", UNDONE)
def test_what_was_undone_costs_no_full_look(stage, kind):
    stage.say(UNDONE[kind])
    assert stage.find() == (set(), True)


def test_what_was_made_and_removed_again_costs_no_full_look(stage):
    for _ in range(3):  # PostgreSQL reads the sums of its tables once, when something was first committed
        stage.say("insert into others values (2, 'y'); delete from others where id = 2")
        found = stage.find()
    assert found == (set(), True)


def test_a_transaction_that_was_open_at_the_last_look_is_doubted_until_it_has_ended(stage):
    """Its writes were counted, and its id was given out, before that look; only its commit came later."""
    stage.say("begin; insert into others values (2, 'y'); update parents set name = 'q' where id = 1")
    assert stage.find()[0] == set()
    assert stage.find()[0] == set()
    stage.say("commit")
    assert stage.find()[0] == {("rows_added", "others"), ("rows_changed", "parents")}


def test_a_transaction_that_was_open_at_a_full_look(stage):
    stage.say("begin; insert into others values (2, 'y')")
    stage.looker.look(stage.clean, full=True)
    stage.say("commit")
    assert stage.find()[0] == {("rows_added", "others")}


def test_of_two_transactions_one_is_still_open(stage):
    stage.say("begin; insert into others values (2, 'y')")
    stage.say("begin; insert into parents values (3, 'three')", stage.other)
    stage.look()
    stage.say("commit", stage.other)
    assert stage.find()[0] == {("rows_added", "parents")}
    stage.say("commit")
    assert stage.find()[0] == {("rows_added", "parents"), ("rows_added", "others")}


def test_xa_transaction_that_is_committed_later(mysql_server):
    with closing(Stage(mysql_server)) as stage:
        stage.say("xa start 'matrix_audit_signs'; insert into others values (2, 'y'); xa end 'matrix_audit_signs'; xa prepare 'matrix_audit_signs'")
        stage.look()
        stage.look()
        stage.say("xa commit 'matrix_audit_signs'", stage.other)
        assert stage.find()[0] == {("rows_added", "others")}


def test_prepared_transaction_that_is_committed_later(postgresql_server):
    with closing(Stage(postgresql_server)) as stage:
        if not stage.owner.capabilities["prepared_transactions"]:
            assert stage.owner._ask("show max_prepared_transactions") == "0"
            return
        stage.say("begin; insert into others values (2, 'y'); prepare transaction 'matrix_audit_signs'")
        stage.look()
        stage.look()
        stage.say("commit prepared 'matrix_audit_signs'", stage.other)
        assert stage.find()[0] == {("rows_added", "others")}


def test_a_sign_that_lies_is_told(stage, monkeypatch):
    """The full look behind the cheap ones: it bites."""
    monkeypatch.setattr(type(stage.looker.onlooker), "look_after", lambda self, last, before, sign: last)
    stage.looker.began_at -= 1000
    stage.say("insert into others values (2, 'y')")
    for _ in range(SAMPLE):
        stage.look()
    assert any("the full look said rows_added others" in line for line in stage.looker.disagreements)


SLOW_TO_LEAVE = "do $$ begin for i in 1..300 loop execute format('create temp table slow_%s (x int)', i); end loop; end $$"


def test_a_looker_that_was_released_has_gone(postgresql_server):
    """Whoever ends all sessions of a database before dropping it may not be allowed to end the examiner's."""
    with closing(Stage(postgresql_server)) as stage, stage.writer.cursor() as cursor:
        for statement in ("set default_transaction_read_only = off", SLOW_TO_LEAVE):
            stage.looker.onlooker._cursor.execute(statement)
        stage.looker.release()
        cursor.execute("select count(*) from pg_stat_activity where application_name = 'isolation-matrix audit' and datname = current_database()")
        assert cursor.fetchall() == [(0,)]


def test_tables_that_the_server_does_not_count():
    """Below the counting: children of foreign keys, over any number of steps; other engines; what depends on another database."""

    def make(kind, name, parent, definition):
        return (kind, name), SchemaObject(kind, name, parent, definition, "")

    catalogue = dict([
        make("table", "plain", None, "ENGINE=InnoDB"), make("table", "merged", None, "ENGINE=MRG_MyISAM"), make("table", "far", None, "ENGINE=InnoDB"),
        make("constraint", "b.fk", "b", "CONSTRAINT `fk` FOREIGN KEY (`a_id`) REFERENCES `a` (`id`)"),
        make("constraint", "c.fk", "c", "CONSTRAINT `fk` FOREIGN KEY (`b_id`) REFERENCES `b` (`id`) ON DELETE SET NULL"),
        make("constraint", "far.fk", "far", "CONSTRAINT `fk` FOREIGN KEY (`x`) REFERENCES `elsewhere`.`x` (`id`)"),
    ])  # fmt: skip
    assert list_parents(catalogue) >= {("b", "a"), ("c", "b")}
    assert add_children({"a"}, catalogue) == {"a", "b", "c"}
    assert list_uncounted(catalogue) == {"merged", "far"}
