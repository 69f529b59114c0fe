"""What a witness says: its words, as plain values, and its errors."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Account:
    """What a stack connects with: an ordinary role that owns one database."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str


@dataclass(frozen=True)
class Residue:
    """One thing that was not there at the baseline, or no longer is."""

    kind: str
    object: str
    detail: str
    count: int = 1
    backend: int | None = None
    seen_by: str = "witness"


@dataclass(frozen=True)
class LockWait:
    """A backend that waits for a lock, and the backends that stand in its way.

    A holder of 0 is a prepared transaction: it has no backend.
    """

    waiter: int
    holders: tuple[int, ...]
    what: str


@dataclass(frozen=True)
class Statement:
    """One statement as the server's own log shows it (`at`: seconds since the epoch)."""

    at: float
    backend: int
    text: str


class WitnessError(RuntimeError):
    """The witness cannot do its work; the message says what to do about it."""


class RepairBlocked(WitnessError):
    """Live backends hold locks that the repair needs: end them (or their process) first."""

    def __init__(self, backends: tuple[int, ...], reason: str = "") -> None:
        self.backends = backends
        who = ", ".join(map(str, backends)) or "unknown"
        super().__init__(f"repair is blocked by backend {who}" + (f": {reason}" if reason else ""))


class RepairFailed(WitnessError):
    """The baseline is still not restored after every repair was tried."""

    def __init__(self, residue: list[Residue]) -> None:
        self.residue = residue
        left = "; ".join(f"{r.kind} {r.object} ({r.detail})" for r in residue[:5])
        super().__init__(f"the baseline could not be restored, {len(residue)} left: {left}")
