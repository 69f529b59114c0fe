"""The server's own record of what the tests sent: several workers share it, and each is given what is its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from matrix.witness import Statement, Witness


@dataclass
class ServerLog:
    """The statement log of a server of ours; of any other there is none, and nothing is read."""

    witness: Witness | None
    #: By worker when its last test ended (seconds since the epoch): what was sent before that nobody will ask for.
    done: dict[str, float] = field(default_factory=dict)
    kept: list[Statement] = field(default_factory=list)
    #: Whether others than the one that asks may have sent something, also when they have ended.
    shared: bool = False

    def add_worker(self, worker: str) -> None:
        self.shared = self.shared or bool(self.done)
        self.done[worker] = time.time()

    def remove_worker(self, worker: str) -> None:
        self.done.pop(worker, None)

    def skip(self, worker: str) -> None:
        """Forget what was sent until now; what another worker's test has sent may still be asked for."""
        if self.witness is None:
            return
        self.done[worker] = time.time()
        if self.shared:
            oldest = min(self.done.values())
            self.kept = [statement for statement in self.kept + self.witness.read_statements() if statement.at >= oldest]
        else:
            self.witness.skip_statements()

    def read(self, backends: set[int]) -> list[Statement]:
        """Return what was sent since the oldest test began. backends: where several workers run, those of the one that asks."""
        if self.witness is None:
            return []
        self.kept += self.witness.read_statements()
        if self.shared:
            return [statement for statement in self.kept if statement.backend in backends]
        statements, self.kept = self.kept, []
        return statements
