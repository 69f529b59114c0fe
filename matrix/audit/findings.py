"""What an audit says: findings of tests, of wider fixtures, and of what nobody can be blamed for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from matrix.facts import JsonObject
from matrix.witness.findings import Residue

#: Classes of findings. Those in COUNTED make the exit code 1.
LEAK, CLEARED, TRACEBACK, WIDER, SHARED, NOTE, HANG = "leak", "cleared", "failed-test", "wider", "shared", "note", "hang"
COUNTED = frozenset({LEAK, TRACEBACK, WIDER, SHARED, HANG})
WORDS = {
    LEAK: "leaves something",
    CLEARED: "left between tests, cleared before use",
    TRACEBACK: "a failed test keeps its transaction open through its traceback",
    WIDER: "a wider fixture leaves something when it ends",
    SHARED: "left in a database that several workers share: no culprit can be named",
    NOTE: "stays after the run",
    HANG: "waits for a lock",
}


@dataclass
class Finding:
    """One thing that was left, and what is known of it."""

    kind: str
    test: str | None
    database: str
    residue: list[Residue]
    cause: JsonObject | None = None
    first_event: str = ""
    held_by: str = ""
    met_by: str = ""
    outcome: str = ""
    fixture: str = ""
    confirmed: str = "not tried"
    victims: list[str] = field(default_factory=list)
    expected: str = ""
    remedy: str = ""

    @property
    def counted(self) -> bool:
        """Whether it makes the audit end with 1."""
        return self.kind in COUNTED and not self.expected and self.confirmed != "seen once"

    def as_json(self) -> JsonObject:
        """Return it for findings.json."""
        return asdict(self) | {"counted": self.counted, "residue": [asdict(residue) for residue in self.residue]}


@dataclass
class TestRecord:
    """One test that ran: its outcome and how long its phases took (seconds)."""

    id: str
    outcome: str
    duration_s: float
    worker: str = ""
