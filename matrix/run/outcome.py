"""How a run ended, left on disk as run.json for whoever concludes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from matrix.disk import write_whole

FORMAT = 2
NAME = "run.json"
PLACE = "the facts"


class OutcomeError(Exception):
    """There is no outcome of a run, or it cannot be read; the text names the file and what to do."""


@dataclass(frozen=True)
class StackOutcome:
    """How one stack ended."""

    seconds: float
    ran: int = 0
    """Cells that ran now."""
    kept: int = 0
    """Cells whose facts an earlier run left and that are still true."""
    oldest: str | None = None
    """When the run began that the oldest of the kept cells comes from (ISO 8601, UTC)."""


@dataclass
class RunOutcome:
    """How the stacks of a run ended."""

    run: str = ""
    started: str = ""
    selection: str = "selected"
    """What was asked for: core, all, or selected."""
    recipes: list[str] | None = None
    """Those that were planned; None for all."""
    cases: list[str] | None = None
    stacks: list[str] = field(default_factory=list)
    ran: dict[str, StackOutcome] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    disagreed: dict[str, list[str]] = field(default_factory=dict)
    """Sampled cells whose verdict was not the one kept of them, by stack; nothing of that stack was kept then."""
    rotation: int = 0
    """Which fiftieth of the kept recipes had its turn."""
    rest_s: float | None = None
    """How long the rest would take that was not asked for, on this machine; None when nothing ran that tells."""
    wall_s: float = 0.0
    interrupted: bool = False


def write_outcome(outcome: RunOutcome, directory: Path) -> None:
    """Write run.json, whole or not at all. Raises OSError, DiskFull."""
    write_whole(directory / NAME, json.dumps({"format": FORMAT, **asdict(outcome)}, indent=1) + "\n", PLACE)


def read_outcome(directory: Path) -> RunOutcome:
    """Return how the last run ended. Raises OutcomeError."""
    path = directory / NAME
    try:
        document = json.loads(path.read_bytes())
        if document.pop("format") != FORMAT:
            raise ValueError("another version of this project wrote it")
        ran = {stack: StackOutcome(**ended) for stack, ended in document.pop("ran").items()}
        return RunOutcome(ran=ran, **document)
    except FileNotFoundError:
        raise OutcomeError(f"{path} is not there: run `nox -s matrix` first") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutcomeError(f"{path} cannot be read ({error}): run `nox -s matrix` again") from None


def read_rotation(directory: Path) -> int:
    """Return which fiftieth has its turn next."""
    try:
        return read_outcome(directory).rotation + 1
    except OutcomeError:
        return 0
