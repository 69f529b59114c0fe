"""Eyes for MySQL and MariaDB servers that are not ours: nothing is loaded there, and no eyes are better than wrong ones."""

from __future__ import annotations

from typing import Any

from matrix.witness.findings import Account
from matrix.witness.mysql import mariadb
from matrix.witness.mysql.activity import Held
from matrix.witness.mysql.connecting import ask
from matrix.witness.mysql.mariadb import InnodbMonitor

#: What is said of each kind that these eyes do not see.
UNSEEN = {
    "temp_table": "temporary tables of other sessions: MariaDB has no view of them",
    "lock_held": "locks on tables without the plugin metadata_lock_info",
    "advisory_lock_held": "named locks (GET_LOCK) without the plugin metadata_lock_info",
}
_PLUGIN = "select 1 from information_schema.plugins where plugin_name = 'METADATA_LOCK_INFO'"


class OnlookingMonitor(InnodbMonitor):
    """MariaDB's monitor without loading a plugin into a server that is not ours."""

    def __init__(self, cursor: Any, account: Account) -> None:
        self._account = account
        names = {"user": account.user, "database": account.database}
        sees = bool(ask(cursor, _PLUGIN)[0])
        self._processes = mariadb._PROCESSES.format(**names)
        self._locks = (mariadb._LOCKS if sees else mariadb._RUNNING).format(**names)
        self.unseen = frozenset({"temp_table"} if sees else {"temp_table", "lock_held", "advisory_lock_held"})
        self.queries = [mariadb._MONITOR, self._locks]
        self._asked = 0.0


class NoEyes:
    """For an account that sees no other session: rows and schema remain."""

    unseen = frozenset({"open_transaction", "lock_held", "advisory_lock_held", "temp_table"})
    queries: tuple[str, ...] = ()

    def read_holdings(self, cursor: Any, answers: Any) -> Held:
        """Nothing, and never settled: a schema change may be running."""
        return Held([], False, False)

    def list_backends(self, cursor: Any) -> list[int]:
        """Unknown."""
        return []

    def list_busy(self, cursor: Any) -> list[int]:
        """Unknown."""
        return []

    def find_lock_waits(self, cursor: Any) -> list[Any]:
        """Unknown."""
        return []
