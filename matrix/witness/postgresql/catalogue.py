"""The schema objects of a PostgreSQL database, and a cheap sure sign that none of them changed."""

from __future__ import annotations

from psycopg import Cursor

from matrix.witness.observing import Catalogue, SchemaObject

#: Every catalogue row that user objects consist of, with the transaction that wrote it. A DDL
#: statement that took effect changes the sum; one that was rolled back leaves it as it was.
_WRITTEN = """select sum(hashtextextended(oid || ':' || xmin, 0)) from {catalogue}
 where {key} >= 16384"""
_SIGNS = [
    # pg_class by content, not by xmin: TRUNCATE rewrites the row and changes no schema.
    """select sum(hashtextextended(row(oid, relname, relnamespace, reltype, relkind,
 relpersistence, reltablespace, reloptions, relrowsecurity, relforcerowsecurity, relispartition,
 relpartbound::text, relam)::text, 0)) from pg_class where oid >= 16384""",
    "select sum(hashtextextended(attrelid || ':' || attnum || ':' || xmin, 0)) from pg_attribute where attrelid >= 16384 and attnum > 0",
    "select sum(hashtextextended(indexrelid || ':' || xmin, 0)) from pg_index where indexrelid >= 16384",
    "select sum(hashtextextended(seqrelid || ':' || xmin, 0)) from pg_sequence where seqrelid >= 16384",
    "select sum(hashtextextended(inhrelid || ':' || xmin, 0)) from pg_inherits where inhrelid >= 16384",
    "select sum(hashtextextended(oid || nspname, 0)) from pg_namespace where nspname !~ '^pg_'",
    *(
        _WRITTEN.format(catalogue=catalogue, key="oid")
        for catalogue in ("pg_constraint pg_type pg_proc pg_trigger pg_attrdef pg_enum pg_rewrite pg_policy").split()
    ),
]
FINGERPRINT = "concat_ws('|', " + ", ".join(f"coalesce(({sign}), 0)" for sign in _SIGNS) + ")"

# Names as people write them: without the schema when it is "public".
_NAME = "case n.nspname when 'public' then '' else n.nspname || '.' end || {name}"
_OWN = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
_TABLE = _NAME.format(name="c.relname")
_JOIN_TABLE = "join pg_class c on c.oid = {key} join pg_namespace n on n.oid = c.relnamespace"
_ON_TABLE = "format('%I on %I.%I', {name}, n.nspname, c.relname)"

_QUERY = f"""
select 'schema', nspname::text, null, 'schema', format('drop schema %I cascade', nspname), 0
  from pg_namespace n where {_OWN} and nspname <> 'public'
union all
select case relkind when 'v' then 'view' when 'm' then 'view' when 'S' then 'sequence'
            when 'c' then 'type' else 'table' end,
       {_TABLE}, (select {_NAME.format(name="o.relname")} from pg_depend d join pg_class o
                  on o.oid = d.refobjid where d.objid = c.oid and d.deptype in ('a', 'i')
                  and d.classid = 'pg_class'::regclass and c.relkind = 'S' limit 1),
       concat_ws(' ', case relkind when 'v' then 'view' when 'm' then 'materialized view'
         when 'S' then 'sequence' when 'c' then 'type' when 'p' then 'partitioned table'
         when 'f' then 'foreign table' else 'table' end,
         case relpersistence when 'u' then 'unlogged' end, array_to_string(reloptions, ', '),
         case when relrowsecurity then 'row-level security' end,
         pg_get_expr(relpartbound, c.oid),
         case when relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
         (select format('%s start %s increment %s from %s to %s cache %s%s', seqtypid::regtype,
            seqstart, seqincrement, seqmin, seqmax, seqcache,
            case when seqcycle then ' cycle' else '' end) from pg_sequence where seqrelid = c.oid),
         case when relkind = 'c' then (select string_agg(attname || ' ' ||
            format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute
            where attrelid = c.oid and attnum > 0 and not attisdropped) end),
       format('drop %s if exists %I.%I cascade', case relkind when 'v' then 'view'
         when 'm' then 'materialized view' when 'S' then 'sequence' when 'c' then 'type'
         when 'f' then 'foreign table' else 'table' end, n.nspname, relname), 0
  from pg_class c join pg_namespace n on n.oid = relnamespace
 where c.oid >= 16384 and {_OWN} and relkind in ('r', 'p', 'f', 'v', 'm', 'S', 'c')
union all
select 'temp_table', relname::text, null, 'temporary table',
       format('drop table if exists %I.%I cascade', n.nspname, relname), 0
  from pg_class c join pg_namespace n on n.oid = relnamespace
 where c.oid >= 16384 and n.nspname ~ '^pg_temp_' and relkind in ('r', 'p')
union all
select 'column', {_TABLE} || '.' || attname, {_TABLE},
       concat_ws(' ', format_type(atttypid, atttypmod), case when attnotnull then 'not null' end,
         'default ' || pg_get_expr(adbin, adrelid), nullif('identity ' || attidentity::text, 'identity '),
         nullif('generated ' || attgenerated::text, 'generated '),
         case when attcollation <> t.typcollation then 'collate ' ||
           (select collname from pg_collation where oid = attcollation) end),
       null, attnum
  from pg_attribute a {_JOIN_TABLE.format(key="attrelid")} join pg_type t on t.oid = atttypid
  left join pg_attrdef d on adrelid = attrelid and adnum = attnum
 where attrelid >= 16384 and {_OWN} and attnum > 0 and not attisdropped
   and relkind in ('r', 'p', 'f')
union all
select 'index', {_NAME.format(name="i.relname")}, {_TABLE}, pg_get_indexdef(indexrelid),
       format('drop index if exists %I.%I', n.nspname, i.relname), 0
  from pg_index x {_JOIN_TABLE.format(key="indrelid")} join pg_class i on i.oid = indexrelid
 where indexrelid >= 16384 and {_OWN}
   and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p','u','x'))
union all
select 'constraint', {_TABLE} || '.' || conname, {_TABLE}, pg_get_constraintdef(k.oid)
       || case when not convalidated then ' not validated' else '' end,
       format('alter table if exists %I.%I drop constraint if exists %I cascade',
              n.nspname, c.relname, conname), 0
  from pg_constraint k {_JOIN_TABLE.format(key="conrelid")} where k.oid >= 16384 and {_OWN}
   and contype <> 't' and contype <> 'n'
union all
select 'constraint', {_TABLE} || '.' || polname, {_TABLE}, concat_ws(' ', 'policy', polcmd,
       polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)),
       'drop policy if exists ' || {_ON_TABLE.format(name="polname")}, 0
  from pg_policy p {_JOIN_TABLE.format(key="polrelid")}
union all
select 'trigger', {_TABLE} || '.' || tgname, {_TABLE}, pg_get_triggerdef(t.oid)
       || case tgenabled when 'O' then '' else ' (' || tgenabled::text || ')' end,
       'drop trigger if exists ' || {_ON_TABLE.format(name="tgname")}, 0
  from pg_trigger t {_JOIN_TABLE.format(key="tgrelid")} where t.oid >= 16384 and not tgisinternal
union all
select 'trigger', {_TABLE} || '.' || rulename, {_TABLE}, pg_get_ruledef(r.oid),
       'drop rule if exists ' || {_ON_TABLE.format(name="rulename")}, 0
  from pg_rewrite r {_JOIN_TABLE.format(key="ev_class")}
 where r.oid >= 16384 and {_OWN} and rulename <> '_RETURN'
union all
select 'routine', p.oid::regprocedure::text, null,
       case when prokind = 'a' then 'aggregate' else pg_get_functiondef(p.oid) end,
       format('drop routine if exists %s cascade', p.oid::regprocedure), 0
  from pg_proc p join pg_namespace n on n.oid = pronamespace where p.oid >= 16384 and {_OWN}
   and not exists (select from pg_depend where objid = p.oid and deptype = 'i'
                   and classid = 'pg_proc'::regclass)
union all
select 'type', {_NAME.format(name="typname")}, null, concat_ws(' ',
       case typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' else 'base' end,
       (select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum
         where enumtypid = t.oid),
       case when typtype = 'd' then format_type(typbasetype, typtypmod) end,
       case when typnotnull then 'not null' end, typdefault,
       (select string_agg(pg_get_constraintdef(oid), ' ' order by conname) from pg_constraint
         where contypid = t.oid)),
       format('drop type if exists %I.%I cascade', n.nspname, typname), 0
  from pg_type t join pg_namespace n on n.oid = typnamespace
 where t.oid >= 16384 and {_OWN} and typtype in ('e', 'd', 'r', 'b') and typelem = 0
order by 1, 3, 6, 2
"""


def read_catalogue(cursor: Cursor) -> Catalogue:
    """Every schema object of the connected database by (kind, name)."""
    cursor.execute(_QUERY)
    return {(row[0], row[1]): SchemaObject(*row[:5]) for row in cursor.fetchall()}
