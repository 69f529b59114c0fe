"""What a MySQL stack's backends hold and wait for, from performance_schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pymysql.cursors import Cursor

from matrix.witness.findings import Account, LockWait, WitnessError
from matrix.witness.mysql.connecting import ask
from matrix.witness.observing import Holding

_OWN = "t.processlist_user = '{user}' and t.processlist_id <> connection_id()"

# A prepared transaction has left its connection (xa_detach_on_prepare): XA RECOVER tells of it, while
# the connection's record stays ACTIVE even when it has long been finished. When the connection has ended, too: some
# 250 connections later its place in memory is another thread's, and so is the record, for a lookup by thread.
_HELD = f"""select /*+ JOIN_FIXED_ORDER() */ t.processlist_id, t.processlist_command,
  e.event_id, m.lock_status, m.object_type, m.object_schema, m.object_name, m.lock_type
 from performance_schema.threads t
 left join performance_schema.events_transactions_current e
   on e.thread_id = t.thread_id and e.state = 'ACTIVE' and not e.xa_state <=> 'PREPARED'
 left join performance_schema.metadata_locks m on m.owner_thread_id = t.thread_id
   and m.object_type in ('TABLE', 'USER LEVEL LOCK')
 where {_OWN}"""

_TEMPORARY = "select name from information_schema.innodb_temp_table_info"

_SAID = f"""select t.processlist_id, left(s.sql_text, 200) from performance_schema.threads t
 join performance_schema.events_statements_current s using (thread_id) where {_OWN}"""

# The holder by its transaction's intention lock: blocking_thread_id is whoever wrote the lock
# down, and for a row that was just inserted that is the waiter itself. (innodb_trx would know too, but it gives the
# same old answer until nobody has read it for 0.1 s.)
_ROW_WAITS = f"""select t.processlist_id, b.processlist_id,
  concat(l.lock_mode, ' on ', l.object_schema, '.', l.object_name), t.processlist_info
 from performance_schema.data_lock_waits w
 join performance_schema.threads t on t.thread_id = w.requesting_thread_id
 left join performance_schema.data_locks i
   on i.engine_transaction_id = w.blocking_engine_transaction_id and i.lock_type = 'TABLE'
 left join performance_schema.threads b on b.thread_id = i.thread_id
 join performance_schema.data_locks l on l.engine_lock_id = w.requesting_engine_lock_id
 where {_OWN}"""

_NAME_WAITS = f"""select t.processlist_id, b.processlist_id,
  concat(w.lock_type, ' on ', lower(w.object_type), ' ', ifnull(w.object_name, '')),
  t.processlist_info, w.lock_type, h.lock_type, h.lock_status
 from performance_schema.metadata_locks w
 join performance_schema.threads t on t.thread_id = w.owner_thread_id
 join performance_schema.metadata_locks h on h.object_type = w.object_type
   and h.object_schema <=> w.object_schema and h.object_name <=> w.object_name
   and h.owner_thread_id <> w.owner_thread_id
 join performance_schema.threads b on b.thread_id = h.owner_thread_id
 where w.lock_status = 'PENDING' and {_OWN}"""

_BACKENDS = f"select t.processlist_id from performance_schema.threads t where {_OWN}"

#: Weakest first.
STRENGTH = ["SHARED_HIGH_PRIO", "SHARED", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
            "SHARED_UPGRADABLE", "SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE",
            "EXCLUSIVE"]  # fmt: skip
#: Locks that keep others from reading a table.
COVERING = {"SHARED_NO_READ_WRITE", "EXCLUSIVE"}


@dataclass(frozen=True)
class Held:
    """What a stack's backends hold; `settled`: none of them is running a statement that might be
    a schema change; `waiting`: one waits for a table's name, and who asks after it waits too."""

    holdings: list[Holding]
    settled: bool
    waiting: bool


class PerformanceSchema:
    """Questions about one stack's backends. Raises WitnessError when it is switched off: then
    it answers without an error and without a lock."""

    unseen: frozenset[str] = frozenset()

    def __init__(self, cursor: Cursor, account: Account) -> None:
        if ask(cursor, "select @@performance_schema")[0] != ((1,),):
            raise WitnessError("performance_schema is off, and without it no lock can be seen: start the server with --performance-schema=ON")
        self._account = account
        self._texts = {
            name: text.format(user=account.user)
            for name, text in (
                ("held", _HELD), ("said", _SAID), ("rows", _ROW_WAITS), ("names", _NAME_WAITS),
                ("backends", _BACKENDS),
            )
        }  # fmt: skip
        self.queries = [self._texts["held"], _TEMPORARY]

    def read_holdings(self, cursor: Cursor, answers: list[tuple[Any, ...]]) -> Held:
        """What the answers to `queries` mean."""
        held, temporary = answers
        settled = all(row[1] == "Sleep" for row in held)
        waiting = any(row[3] == "PENDING" for row in held)
        transactions = {row[0]: row[2] for row in held if row[2] is not None}
        locks = [(row[0], *row[4:]) for row in held if row[3] == "GRANTED"]
        if not transactions and not locks and not temporary:
            return Held([], settled, waiting)
        said = dict(ask(cursor, self._texts["said"])[0])
        holdings = [Holding("open_transaction", "transaction", said.get(backend) or "", backend, str(event)) for backend, event in sorted(transactions.items())]
        holdings += describe_locks(self._account.database, locks)
        return Held(holdings + self._describe_temporary(cursor, temporary), settled, waiting)

    def _describe_temporary(self, cursor: Cursor, rows: tuple[Any, ...]) -> list[Holding]:
        """InnoDB names a temporary table #sql<process>_<connection>_<number>, in hexadecimal."""
        own = set(self.list_backends(cursor)) if rows else set()
        owners = [(int(name.split("_")[1], 16), name) for (name,) in rows if name.count("_") == 2]
        return [Holding("temp_table", name, "temporary table", backend, mark=name) for backend, name in owners if backend in own]

    def find_lock_waits(self, cursor: Cursor) -> list[LockWait]:
        rows, names = ask(cursor, self._texts["rows"], self._texts["names"])
        waits: dict[int, tuple[set[int], str]] = {}
        blocked = [row for row in names if _conflict(*row[4:])]
        for waiter, holder, what, query, *_ in [*rows, *(blocked or names)]:
            holders, _ = waits.setdefault(waiter, (set(), f"{what}: {(query or '')[:200]}"))
            holders.add(holder or 0)
        return [LockWait(w, tuple(sorted(h)), what) for w, (h, what) in sorted(waits.items())]

    def list_backends(self, cursor: Cursor) -> list[int]:
        return [row[0] for row in ask(cursor, self._texts["backends"])[0]]

    def list_busy(self, cursor: Cursor) -> list[int]:
        busy = f"{self._texts['backends']} and t.processlist_command <> 'Sleep'"
        return [row[0] for row in ask(cursor, busy)[0]]


def _conflict(wanted: str, held: str, status: str) -> bool:
    """Whether a granted metadata lock is what a waiter waits for (else it queues behind one
    that waits itself)."""
    if status != "GRANTED":
        return False
    return wanted in ("EXCLUSIVE", "SHARED_NO_READ_WRITE") or held not in STRENGTH[:5]


def describe_locks(database: str, rows: Iterable[tuple[Any, ...]]) -> list[Holding]:
    """User-level locks one by one; of a backend's locks on one table only the strongest."""
    named: list[Holding] = []
    strongest: dict[tuple[int, str], int] = {}
    for backend, object_type, schema, name, lock in rows:
        if object_type == "USER LEVEL LOCK":
            named.append(Holding("advisory_lock_held", name, "GET_LOCK", backend))
        elif object_type == "TABLE" and schema == database and lock in STRENGTH:
            strength = STRENGTH.index(lock)
            strongest[backend, name] = max(strength, strongest.get((backend, name), 0))
    return list(dict.fromkeys(named)) + [
        Holding("lock_held", name, STRENGTH[strength], backend, STRENGTH[strength], strength <= 2) for (backend, name), strength in sorted(strongest.items())
    ]
