"""How a run ended, left on disk as run.json for whoever concludes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from matrix.disk import write_whole

FORMAT = 1
NAME = "run.json"


class OutcomeError(Exception):
    """There is no outcome of a run, or it cannot be read; the text names the file and what to do."""


@dataclass
class RunOutcome:
    """What a run was of, and how its stacks ended: figures of those that ran, reasons of the others."""

    run: str = ""
    started: str = ""  # ISO 8601, UTC
    selection: str = "all"  # "core", "all" or "selected"
    recipes: Sequence[str] | None = None  # those that were planned; None: all
    cases: Sequence[str] | None = None
    stacks: Sequence[str] = ()  # those that were planned
    ran: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """stack -> seconds, number of cells that ran now and that were kept of an earlier run, date of the oldest kept one."""
    not_run: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    wall_s: float = 0.0
    interrupted: bool = False
    rest_s: float | None = None  # what the rest of all cells would take here, estimated


def write_outcome(outcome: RunOutcome, directory: Path) -> None:
    """Write run.json, whole or not at all. Raises DiskFull, OSError."""
    write_whole(directory / NAME, json.dumps({"format": FORMAT, **asdict(outcome)}, indent=1) + "\n", "the facts")


def read_outcome(directory: Path) -> RunOutcome:
    """Return how the last run ended. Raises OutcomeError."""
    path = directory / NAME
    try:
        document = json.loads(path.read_bytes())
        if document.pop("format") != FORMAT:
            raise ValueError("another version of this project wrote it")
        return RunOutcome(**document)
    except FileNotFoundError:
        raise OutcomeError(f"{path} is not there: run `nox -s matrix` first") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutcomeError(f"{path} cannot be read ({error}): run `nox -s matrix` again") from None
