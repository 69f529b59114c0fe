"""The onlooker of a PostgreSQL database, and the sign that nothing was committed there."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace

import psycopg

from matrix.audit.address import Address, hide_password, stand_in
from matrix.audit.mistakes import AuditFailed
from matrix.witness import Witness
from matrix.witness.findings import Account
from matrix.witness.observing import Catalogue, Holding, Observation, Rows, SchemaObject
from matrix.witness.postgresql import PostgresqlWitness
from matrix.witness.postgresql.activity import Activity
from matrix.witness.postgresql.catalogue import FINGERPRINT
from matrix.witness.postgresql.rows import CAP, Contents

#: More transactions than these since the last look are not asked for one by one.
MOST_IDS = 2000
#: A session that was ended needs a moment to go (seconds); a proxy between may keep it.
LEAVING_S = 1.0
READ_ONLY = "-c lock_timeout=100 -c jit=off -c default_transaction_read_only=on -c statement_timeout=60000"
# In the words that every server from 9 on knows. A transaction that still runs is asked for again at the next look.
_SNAPSHOT = "select txid_snapshot_xmin(s), txid_snapshot_xmax(s) from txid_current_snapshot() s"
_COMMITTED = """select txid_snapshot_xmin(s), txid_snapshot_xmax(s), txid_snapshot_xmax(s) - {since} > {most} or exists (select from
 generate_series({since}, txid_snapshot_xmax(s) - 1) x where txid_status(x) is distinct from 'aborted')
 from txid_current_snapshot() s"""
# A row's place and the transaction that wrote it: no change leaves both as they were, and no rolled-back one moves them.
# What an id is older than the first that there was, is the id, and twice as fast as its way into a number through text.
_SUM = "select {place}, count(*), sum(hashtidextended(ctid, age('3'::xid)::bigint - age(xmin))) from only {path}"
# What an extension consists of, in the catalogue's kinds and names; and each extension itself.
_MEMBERS = """select case d.classid when 'pg_proc'::regclass then 'routine' when 'pg_type'::regclass then 'type'
 else case c.relkind when 'v' then 'view' when 'm' then 'view' when 'S' then 'sequence' when 'c' then 'type' when 'i' then 'index' else 'table' end end,
 case when p.oid is not null then p.oid::regprocedure::text
 else case n.nspname when 'public' then '' else n.nspname || '.' end || coalesce(t.typname, c.relname) end
 from pg_depend d left join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
 left join pg_type t on d.classid = 'pg_type'::regclass and t.oid = d.objid left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
 join pg_namespace n on n.oid in (p.pronamespace, t.typnamespace, c.relnamespace)
 where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass"""
_EXTENSIONS = "select extname::text, extversion from pg_extension"

Sums = dict[str, tuple[int, int | None]]


@dataclass
class Sign:
    """From which transaction id on the next look must ask, whether one was committed since the last, and what is held."""

    oldest: int
    committed: bool
    holdings: list[Holding]
    sums: Sums | None = None


class PostgresqlOnlooker(PostgresqlWitness):
    """Looks into one PostgreSQL database through a session that can only read."""

    #: What the account may not see: said in reports, never counted as clean.
    blind: tuple[str, ...] = ()

    def __init__(self, address: Address) -> None:
        Witness.__init__(self, address.server or stand_in("postgresql"))
        self.account = Account(address.host, address.port, address.user, "", address.database)
        user, password = address.login
        try:
            self._connection = psycopg.connect(
                host=address.host, port=address.port, user=user, password=password, dbname=address.database, autocommit=True,
                prepare_threshold=0, options=READ_ONLY, connect_timeout=10, application_name="isolation-matrix audit",
            )  # fmt: skip
        except psycopg.Error as error:
            raise AuditFailed(f"the examiner cannot connect to {address.name} as {user}: {hide_password(error, password)}") from None
        self._cursor = self._connection.cursor()
        self._activity = Activity(self._cursor, address.database, address.user)
        self._quick = Activity(self._cursor, address.database, address.user)
        self._quick._state = self._quick._state.replace(FINGERPRINT, "''")  # no catalogue changes without a commit
        self._known = {}
        self._log_offset = None
        if not self._sees_others(user, address.user):
            self.blind = (f"role {user} does not see what the sessions of {address.user} hold: grant it pg_read_all_stats",)

    def close(self, drop: bool = False) -> None:
        """Disconnect, and return when the server's process has ended; nothing is dropped.

        Until then it stands in the way of who drops the database, and whoever may not end it fails at that. PostgreSQL keeps
        the socket of a session open until its process has gone (src/backend/libpq/pqcomm.c, socket_close).
        """
        if self._connection.closed:
            return
        with socket.socket(fileno=os.dup(self._connection.fileno())) as remains:
            self._connection.close()
            remains.settimeout(LEAVING_S)
            try:
                while remains.recv(4096):
                    pass
            except OSError:
                pass

    def _sees_others(self, user: str, tests: str) -> bool:
        seen = "select current_setting('is_superuser')::bool or pg_has_role('pg_read_all_stats', 'usage') or pg_has_role(%s, 'usage')"
        return bool(self._cursor.execute(seen, [tests]).fetchall()[0][0])

    def _recall(self, fingerprint: str) -> tuple[Catalogue, Contents]:
        if fingerprint not in self._known:
            objects, contents = super()._recall(fingerprint)
            self._known[fingerprint] = self._fold_extensions(objects), contents
        return self._known[fingerprint]

    def _fold_extensions(self, objects: Catalogue) -> Catalogue:
        """Return the catalogue with each extension in place of what it consists of: one CREATE EXTENSION is one thing that is left."""
        members = set(self._cursor.execute(_MEMBERS).fetchall())
        tables = {name for kind, name in members if kind == "table"}
        own = {key: thing for key, thing in objects.items() if key not in members and thing.parent not in tables}
        found = self._cursor.execute(_EXTENSIONS).fetchall()
        return own | {("extension", name): SchemaObject("extension", name, None, f"version {version}", "") for name, version in found}

    def _observe(self, baseline: Observation | None = None) -> Observation:
        seen = super()._observe(baseline)
        seen.holdings = leave_databases(seen.holdings)
        return seen

    # -- the sign ----------------------------------------------------------------------------

    def read_sign(self, before: Sign | None) -> Sign | None:
        """Return the sign of now; `before` is that of the last look. None: this server has none."""
        if self._connection.info.server_version < 100000:
            return None
        if before is None:
            [(oldest, _)] = self._cursor.execute(_SNAPSHOT).fetchall()
            return Sign(int(oldest), True, [])
        [(oldest, _, committed)] = self._cursor.execute(_COMMITTED.format(since=before.oldest, most=MOST_IDS)).fetchall()
        # what is held is asked after the snapshot: a transaction ends for the one before it ends for the other
        holdings = [] if committed else leave_databases(self._quick.read_state(self._cursor)[1])
        return Sign(int(oldest), committed, holdings, before.sums)

    def look_after(self, last: Observation, before: Sign, sign: Sign) -> Observation | None:
        """Return what is there when the sign says what has changed, None when it takes a full look."""
        if last.covered or last.unread:
            return None
        if not sign.committed:
            return replace(last, holdings=sign.holdings)
        fingerprint, holdings = self._activity.read_state(self._cursor)
        contents = self._recall(fingerprint)[1]
        sign.sums = self._read_sums(contents)
        if fingerprint != last.fingerprint or before.sums is None or sign.sums is None:
            return None
        rows = self._read_changed(contents, last, [name for name, found in sign.sums.items() if before.sums.get(name) != found])
        return None if rows is None else replace(last, holdings=leave_databases(holdings), rows={**last.rows, **rows})

    def prepare_full(self, sign: Sign) -> bool:
        """Before a full look there is nothing to do: sums of tables are read when a transaction was committed."""
        return True

    def _read_sums(self, contents: Contents) -> Sums | None:
        """Return the sign of each table, read before its rows are; None when one cannot be read."""
        tables = [table for table in contents.tables if table.relkind != "S"]
        if not tables:
            return {}
        query = " union all ".join(_SUM.format(place=place, path=table.path) for place, table in enumerate(tables))
        try:
            found = self._cursor.execute(query.replace("%", "%%")).fetchall()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            return None
        return {tables[place].name: (count, total) for place, count, total in found}

    def _read_changed(self, contents: Contents, last: Observation, names: list[str]) -> dict[str, Rows] | None:
        """Return the rows of these tables; None when one is locked away, or too long to be read like this."""
        limit = CAP + max(map(len, last.rows.values()), default=0)
        found: dict[str, Rows] = {}
        for table in (table for table in contents.tables if table.name in names):
            try:
                rows = self._cursor.execute(table.select(0), {"limit": limit}).fetchall()
            except (psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable):
                return None
            if len(rows) >= limit:
                return None
            found[table.name] = [(key, content) for _, key, content in rows]
        return found


def leave_databases(holdings: list[Holding]) -> list[Holding]:
    """Return what is held without databases: on a server of the user's others may make theirs."""
    return [holding for holding in holdings if holding.kind != "database_created"]
