"""Planting one of each kind of residue, to prove that a witness sees them.

A witness whose eyes are covered finds nothing, and everything looks clean: so it is shown what
it must find, through the stack's own account, before it is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

OBJECTS = ("table", "index", "sequence", "view", "routine", "trigger")
SCHEMA = {f"{kind}_{what}" for kind in OBJECTS for what in ("created", "dropped")} | {
    "column_added", "column_dropped", "column_changed", "constraint_added", "constraint_dropped",
    "rows_added", "rows_removed", "rows_changed", "database_created",
}  # fmt: skip
HELD = {
    "open_transaction", "lock_held", "advisory_lock_held", "prepared_transaction", "temp_table",
    "sequence_drift",
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """What stands before, what then changes, what one connection holds and another prepares,
    and what ends what was prepared."""

    kinds: frozenset[str]
    before: str
    changes: str
    hold: str
    prepare: str
    end: str


_POSTGRESQL = Scene(
    frozenset(SCHEMA | HELD | {"type_created", "type_dropped", "database_dropped"}),
    before="""
create table sight (id int, kept int, changed int, gone int,
                    constraint sight_old check (kept > 0));
create table sight_rows (id serial primary key, kept int);
insert into sight_rows (kept) values (1), (2);
create table sight_old_table (id int);
create index sight_old_index on sight (kept);
create type sight_old_type as enum ('one');
create sequence sight_old_sequence;
create view sight_old_view as select 1 as one;
create function sight_old_routine() returns int language sql as 'select 1';
create function sight_fire() returns trigger language plpgsql as 'begin return new; end';
create trigger sight_old_trigger before insert on sight for each row execute function sight_fire()
""",
    changes="""
insert into sight_rows (kept) values (3);
update sight_rows set kept = 4 where id = 1;
delete from sight_rows where id = 2;
create table sight_new_table (id int);
drop table sight_old_table;
create index sight_new_index on sight (changed);
drop index sight_old_index;
create type sight_new_type as enum ('one');
drop type sight_old_type;
create sequence sight_new_sequence;
drop sequence sight_old_sequence;
create view sight_new_view as select 1 as one;
drop view sight_old_view;
create function sight_new_routine() returns int language sql as 'select 1';
drop function sight_old_routine();
create trigger sight_new_trigger before insert on sight for each row execute function sight_fire();
drop trigger sight_old_trigger on sight;
alter table sight add added int, drop gone, alter changed set default 1,
  add constraint sight_new check (kept > 0), drop constraint sight_old
""",
    hold="""
select pg_advisory_lock(1);
create temporary table sight_temporary (id int);
begin;
insert into sight_rows (kept) values (5)
""",
    prepare="""
begin;
insert into sight_rows (kept) values (6);
prepare transaction '{name}_sight'
""",
    end="rollback prepared '{name}_sight'",
)

_MYSQL = Scene(
    frozenset((SCHEMA | HELD | {"database_dropped"}) - {"sequence_created", "sequence_dropped"}),
    before="""
create table sight (id int, kept int, changed int, gone int,
                    index sight_old_index (kept), constraint sight_old check (kept > 0));
create table sight_rows (id int primary key auto_increment, kept int);
insert into sight_rows (kept) values (1), (2);
create table sight_old_table (id int);
create view sight_old_view as select 1 as one;
create procedure sight_old_routine() select 1;
create trigger sight_old_trigger before insert on sight for each row set new.gone = 1
""",
    changes="""
insert into sight_rows (kept) values (3);
update sight_rows set kept = 4 where id = 1;
delete from sight_rows where id = 2;
create table sight_new_table (id int);
drop table sight_old_table;
create view sight_new_view as select 1 as one;
drop view sight_old_view;
create procedure sight_new_routine() select 1;
drop procedure sight_old_routine;
drop trigger sight_old_trigger;
create trigger sight_new_trigger before insert on sight for each row set new.kept = 1;
alter table sight add added int, drop gone, modify changed bigint, drop index sight_old_index,
  add index sight_new_index (changed), drop constraint sight_old,
  add constraint sight_new check (kept > 0)
""",
    hold="""
select get_lock('{name}_sight', 0);
create temporary table sight_temporary (id int);
begin;
insert into sight_rows (kept) values (5)
""",
    prepare="""
xa start '{name}_sight';
insert into sight_rows (kept) values (6);
xa end '{name}_sight';
xa prepare '{name}_sight'
""",
    end="xa rollback '{name}_sight'",
)

_MARIADB = Scene(
    _MYSQL.kinds | {"sequence_created", "sequence_dropped"},
    _MYSQL.before + "; create sequence sight_old_sequence",
    _MYSQL.changes + "; create sequence sight_new_sequence; drop sequence sight_old_sequence",
    _MYSQL.hold,
    _MYSQL.prepare,
    _MYSQL.end,
)

SCENES = {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "mariadb": _MARIADB}
