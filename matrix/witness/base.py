"""What every witness does, whatever the server: look, compare, repair, prove again."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from contextlib import closing

from matrix.servers.server import LogUnavailable, Server
from matrix.witness.capabilities import Connection
from matrix.witness.findings import (
    Account,
    LockWait,
    RepairBlocked,
    RepairFailed,
    Residue,
    Statement,
)
from matrix.witness.observing import Observation, find_differences, find_drift
from matrix.witness.prices import Prices, measure_prices
from matrix.witness.sight import SCENES, Scene

#: A backend whose client has just gone needs a moment to notice (seconds).
GRACE = 0.2
STEP = 0.005
#: What a backend takes with it when it ends, so worth the grace.
PASSING = frozenset({"open_transaction", "lock_held", "advisory_lock_held", "temp_table"})
#: Objects that can be dropped alone; any other change needs the schema built anew.
DROPPABLE = {f"{kind}_created" for kind in ("table", "view", "sequence", "type", "routine", "index", "trigger", "schema")} | {"constraint_added", "temp_table"}
ROWS = {"rows_added", "rows_removed", "rows_changed"}


Alive = Collection[int] | Callable[[], Collection[int]]


class Witness(ABC):
    """The outside examiner of one stack's database. Use it from one thread only."""

    account: Account
    capabilities: dict[str, bool]
    #: Kinds of residue that cannot be seen from outside on this server.
    unseen: frozenset[str] = frozenset()

    def __init__(self, server: Server) -> None:
        self._server = server
        self.product: str = server.database.product
        self._ddl: list[str] = []
        self._last: Observation | None = None

    # -- looking ---------------------------------------------------------------------------

    def record_baseline(self) -> Observation:
        """What exists now: objects, rows, sequences, and what open transactions hold."""
        return self._observe()

    def find_residue(self, baseline: Observation, alive: Alive = ()) -> list[Residue]:
        """What differs from the baseline; [] when clean.

        Waits up to 0.2 s for backends that may be just going away. `alive` names backends that
        are known to stay (their clients are still connected), for which waiting is pointless;
        where it costs something to know them, it is a function that is called only if need be.
        """
        ends = time.monotonic() + GRACE
        while True:
            self._last = self._observe(baseline)
            residue = find_differences(baseline, self._last)
            if not self._may_pass(residue, alive) or time.monotonic() >= ends:
                return residue
            time.sleep(STEP)

    def _may_pass(self, residue: list[Residue], alive: Alive) -> bool:
        """Whether some of it may go away with a backend that is just ending."""
        holders = {r.backend for r in residue if r.kind in PASSING}
        if None in holders:
            holders |= set(self.list_backends())
        holders.discard(None)
        return bool(holders) and bool(holders.difference(alive() if callable(alive) else alive))

    def find_drift(self, baseline: Observation) -> list[Residue]:
        """Sequences and counters that moved since the last call for this baseline.

        Uses what the preceding find_residue() read. The baseline then takes the new values, so
        that every cell answers for its own drift.
        """
        observation, self._last = self._last or self._observe(baseline), None
        drift = find_drift(baseline, observation)
        for name in baseline.counters.keys() & observation.counters.keys():
            baseline.counters[name] = observation.counters[name]
        return drift

    @abstractmethod
    def _observe(self, baseline: Observation | None = None) -> Observation:
        """Read everything; with a baseline, at most about a thousand rows more than it has."""

    # -- proving that it sees ----------------------------------------------------------------

    def prove_sight(self) -> list[str]:
        """Plant one of each kind of residue as the stack would; return the kinds not seen.

        [] is what must come back, else the witness is not to be believed. Kinds in `unseen` are
        known to be invisible on this server and are not asked for. The database is empty before,
        and holds what the last build_schema() built afterwards.
        """
        scene = SCENES[self.product]
        self._drop_everything()
        connections = self._open_as_stack(), self._open_as_stack()
        try:
            seen = self._play(scene, *connections)
        finally:
            for connection in connections:
                connection.close()
        self._clear_stage(scene)
        wanted = scene.kinds - self.unseen
        if not self.capabilities["prepared_transactions"]:
            wanted -= {"prepared_transaction"}
        return sorted(wanted - seen)

    def _play(self, scene: Scene, first: Connection, second: Connection) -> set[str]:
        """The kinds of residue that are seen while a scene is played."""
        name = self.account.database
        self._say(first, scene.before)
        baseline = self.record_baseline()
        self._say(first, f"{scene.changes};\ncreate database {name}_sight")
        self._say(second, scene.hold.format(name=name))
        if self.capabilities["prepared_transactions"]:
            self._say(first, scene.prepare.format(name=name))
        found = self.find_residue(baseline, alive=self.list_backends()) + self.find_drift(baseline)
        baseline = self.record_baseline()
        self._drop_databases([f"{name}_sight"])
        found += self.find_residue(baseline, alive=self.list_backends())
        return {residue.kind for residue in found}

    def _say(self, connection: Connection, statements: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements.split(";\n"):
                cursor.execute(statement)

    def _clear_stage(self, scene: Scene) -> None:
        """Without a look: whoever is blind leaves no mess either."""
        self._await_end(set(self.list_backends()))
        if self.capabilities["prepared_transactions"]:
            with closing(self._open_as_stack()) as connection:
                self._say(connection, scene.end.format(name=self.account.database))
        self.build_schema(self._ddl)

    @abstractmethod
    def _open_as_stack(self) -> Connection: ...

    def price_work(self) -> Prices:
        """Return what the server takes for each kind of round trip, in seconds; the database is afterwards as before."""
        return measure_prices(self._open_as_stack, f"{self.account.database}_price")

    # -- repairing -------------------------------------------------------------------------

    def build_schema(self, ddl: list[str]) -> None:
        """Drop everything in the database and run `ddl` as the stack's own role.

        Raises RepairBlocked when live backends hold locks on what has to go.
        """
        self._ddl = list(ddl)
        self._drop_everything()
        self._run_as_stack(self._ddl)

    def repair(self, baseline: Observation, residue: Iterable[Residue]) -> str:
        """Restore the baseline in the cheapest way and prove it; say what was done.

        Backends named by open transactions or locks in `residue`, which find_residue() has just
        said, are terminated, no others. Raises RepairBlocked when a live backend stands in the
        way, and RepairFailed.
        """
        left = list(residue)
        done = self._terminate_leftovers(left)
        if any(found.kind in PASSING for found in left):
            left = self.find_residue(baseline)
        for mend in (self._mend, self._rebuild):
            if not left:
                return ", ".join(done) or "nothing"
            self._refuse_live_backends(left)
            done.append(mend(baseline, left))
            left = self.find_residue(baseline)
        if left:
            raise RepairFailed(left)
        return ", ".join(done)

    def _terminate_leftovers(self, residue: Iterable[Residue]) -> list[str]:
        backends = {r.backend for r in residue if r.kind in PASSING and r.backend}
        if not backends:
            return []
        for backend in backends:
            self.terminate(backend)
        self._await_end(backends)
        return [f"terminated {len(backends)} backend{'s' * (len(backends) > 1)}"]

    def _await_end(self, backends: set[int]) -> None:
        ends = time.monotonic() + 1
        while left := backends & set(self.list_backends()):
            if time.monotonic() > ends:
                raise RepairBlocked(tuple(sorted(left)), "terminated, but still there after 1 s")
            time.sleep(STEP / 2)

    def _refuse_live_backends(self, residue: list[Residue]) -> None:
        live = {r.backend for r in residue if r.kind in PASSING and r.backend}
        if live:
            raise RepairBlocked(tuple(sorted(live)), "it still holds a transaction or lock")

    def _mend(self, baseline: Observation, residue: list[Residue]) -> str:
        """Remove what is extra and restore rows; build the schema anew when that cannot do."""
        done = []
        kinds = {r.kind for r in residue}
        if prepared := [r.object for r in residue if r.kind == "prepared_transaction"]:
            self._end_prepared(prepared)
            done.append("prepared transactions")
            residue = self.find_residue(baseline)
            kinds = {r.kind for r in residue}
        if extra := [r.object for r in residue if r.kind == "database_created"]:
            self._drop_databases(extra)
            done.append("databases")
        objects = kinds - ROWS - {"database_created"}
        if not objects <= DROPPABLE:
            return ", ".join([*done, self._rebuild(baseline, residue)])
        if objects:
            self._drop_objects(baseline)
            done.append("objects")
        if tables := sorted({r.object for r in residue if r.kind in ROWS}):
            self._restore_rows(baseline, tables)
            done.append("rows")
        return ", ".join(done)

    def _rebuild(self, baseline: Observation, residue: list[Residue]) -> str:
        self._drop_everything()
        self._run_as_stack(self._ddl)
        self._restore_rows(baseline, sorted(baseline.rows))
        self._restore_counters(baseline)
        return "schema"

    @abstractmethod
    def _drop_everything(self) -> None: ...

    def _run_as_stack(self, ddl: list[str]) -> None:
        with closing(self._open_as_stack()) as connection, connection.cursor() as cursor:
            for statement in ddl:
                cursor.execute(statement)

    @abstractmethod
    def _end_prepared(self, names: list[str]) -> None: ...

    @abstractmethod
    def _drop_databases(self, names: list[str]) -> None: ...

    @abstractmethod
    def _drop_objects(self, baseline: Observation) -> None: ...

    @abstractmethod
    def _restore_rows(self, baseline: Observation, tables: list[str]) -> None: ...

    @abstractmethod
    def _restore_counters(self, baseline: Observation) -> None: ...

    # -- backends --------------------------------------------------------------------------

    @abstractmethod
    def find_lock_waits(self) -> list[LockWait]:
        """Backends of this stack that wait for a lock now, and who holds it."""

    @abstractmethod
    def cancel(self, backend: int) -> None:
        """Cancel the running statement of a backend; a backend that is gone is no error."""

    @abstractmethod
    def terminate(self, backend: int) -> None:
        """End a backend's connection; a backend that is gone is no error."""

    @abstractmethod
    def list_backends(self) -> list[int]:
        """Ids of the backends that this stack has connected now."""

    @abstractmethod
    def list_clients(self) -> dict[int, int]:
        """The same backends with the TCP port of their client's end."""

    @abstractmethod
    def list_busy(self) -> list[int]:
        """Ids of those that run a statement now; one that waits for a lock is running its statement."""

    # -- the server's statement log ----------------------------------------------------------

    def start_statements(self) -> str | None:
        """Have the server log what connections opened from now on say.

        Returns why not when this server's log cannot be had; nothing is read then.
        """
        try:
            self._start_log()
        except LogUnavailable as reason:
            return str(reason)
        return None

    @abstractmethod
    def _start_log(self) -> None:
        """Raises LogUnavailable."""

    @abstractmethod
    def read_statements(self) -> list[Statement]:
        """Statements logged since the last read, in the server's order."""

    @abstractmethod
    def skip_statements(self) -> None:
        """Forget what was logged until now: nobody will read it."""

    @abstractmethod
    def stop_statements(self) -> None: ...

    @abstractmethod
    def close(self, drop: bool = True) -> None:
        """Drop the stack's database and role (unless told not to) and disconnect; idempotent."""
