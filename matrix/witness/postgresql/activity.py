"""Who is connected to a PostgreSQL stack, what they hold, and who waits for whom."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor

from matrix.witness.findings import LockWait
from matrix.witness.observing import Holding
from matrix.witness.postgresql.catalogue import FINGERPRINT

# The stack is its role (wherever it connects) and its database (whoever connects).
_SCOPE = """backend_type = 'client backend' and pid <> pg_backend_pid()
 and (usesysid = {role} or datid = {database})"""

_STATE = """
with backend as materialized (
  select pid, xact_start, state, query from pg_stat_activity where {scope})
select {fingerprint},
 (select json_agg(json_build_array(pid, xact_start::text, state, left(query, 200)))
    from backend where xact_start is not null),
 (select json_agg(distinct jsonb_build_array(l.pid, locktype, mode,
      coalesce(c.relname::text, relation::text), classid::text, objid::text, objsubid))
    from pg_locks l join backend on backend.pid = l.pid
    left join pg_class c on c.oid = relation
   where granted and (locktype = 'advisory' or locktype = 'relation' and relation >= 16384
         and l.database = {database} and (c.relkind is null or c.relkind not in ('i', 'S')))),
 (select json_agg(gid) from pg_prepared_xacts where database = current_database()),
 (select json_agg(datname) from pg_database where datdba = {role} and oid <> {database})
"""

_WAITS = """
select a.pid, pg_blocking_pids(a.pid), (select concat_ws(' ', mode, 'on', locktype,
         coalesce(relation::regclass::text, nullif(concat_ws(',', classid, objid), '')))
         from pg_locks l where l.pid = a.pid and not granted limit 1), left(query, 200)
  from pg_stat_activity a where wait_event_type = 'Lock' and {scope}
"""

_BACKENDS = "select pid from pg_stat_activity where {scope}"

_CLIENTS = "select pid, client_port from pg_stat_activity where {scope}"

_STRENGTH = ["AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
             "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"]  # fmt: skip


class Activity:
    """Questions about one stack's backends; the texts are made once, the server keeps plans."""

    def __init__(self, cursor: Cursor, database: str, role: str) -> None:
        [row] = cursor.execute(
            "select d.oid, r.oid from pg_database d, pg_roles r where datname = %s and rolname = %s",
            [database, role],
        ).fetchall()
        names = {"database": row[0], "role": row[1]}
        scope = _SCOPE.format(**names)
        self._state = _STATE.format(scope=scope, fingerprint=FINGERPRINT, **names)
        self._waits = _WAITS.format(scope=scope)
        self._backends = _BACKENDS.format(scope=scope)
        self._clients = _CLIENTS.format(scope=scope)

    def read_state(self, cursor: Cursor) -> tuple[str, list[Holding]]:
        """The schema's fingerprint, and all that backends hold, in one round trip."""
        [(fingerprint, transactions, locks, prepared, databases)] = cursor.execute(self._state).fetchall()
        holdings = [_describe_transaction(*row) for row in transactions or ()]
        holdings += _describe_locks(locks or [])
        holdings += [Holding("prepared_transaction", gid, "prepared") for gid in prepared or ()]
        holdings += [Holding("database_created", name, "database") for name in databases or ()]
        return fingerprint, holdings

    def find_lock_waits(self, cursor: Cursor) -> list[LockWait]:
        rows = cursor.execute(self._waits).fetchall()
        return [LockWait(waiter, tuple(sorted(set(holders))), f"{lock or 'a lock'}: {query}") for waiter, holders, lock, query in rows if holders]

    def list_backends(self, cursor: Cursor) -> list[int]:
        return [row[0] for row in cursor.execute(self._backends).fetchall()]

    def list_clients(self, cursor: Cursor) -> dict[int, int]:
        return dict(cursor.execute(self._clients).fetchall())

    def list_busy(self, cursor: Cursor) -> list[int]:
        return [row[0] for row in cursor.execute(f"{self._backends} and state = 'active'").fetchall()]


def _describe_transaction(pid: int, start: str, state: str, query: str) -> Holding:
    return Holding("open_transaction", state, query, pid, mark=start)


def _describe_locks(locks: list[list[Any]]) -> list[Holding]:
    """Advisory locks one by one; of a backend's locks on one table only the strongest."""
    advisory: list[Holding] = []
    strongest: dict[tuple[int, str], int] = {}
    for pid, locktype, mode, relation, classid, objid, objsubid in locks:
        if locktype == "advisory":
            key = str(int(classid) << 32 | int(objid)) if objsubid == 1 else f"{classid},{objid}"
            advisory.append(Holding("advisory_lock_held", key, mode, pid, mark=mode))
        else:
            strength = _STRENGTH.index(mode)
            strongest[pid, relation] = max(strength, strongest.get((pid, relation), 0))
    return advisory + [
        Holding("lock_held", relation, _STRENGTH[strength], pid, _STRENGTH[strength], strength == 0) for (pid, relation), strength in sorted(strongest.items())
    ]
