"""What a process under test writes down of its running cell, for the day that it dies in it.

A message for every phase would wake the supervisor four times a cell, to tell it what it asks only about the dead.
"""

import json
import os
from typing import Any, Dict, Optional


class Notes(object):
    """The running cell's case, when it began and when each of its phases did, in memory and in a file."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._opened = {}  # type: Dict[str, Any]

    def begin(self, case: str, at: float) -> None:
        """Note a new cell; at: epoch, seconds."""
        self._opened = {"case": case, "at": at, "phases": [(0.0, "setup")]}
        self._write()

    def begin_phase(self, phase: str, at: float) -> None:
        """Note a new phase; at: seconds since the cell began."""
        self._opened["phases"].append((at, phase))
        self._write()

    def end(self) -> Dict[str, Any]:
        """Return what was noted of the cell that has ended, and have the file say that none is running."""
        os.ftruncate(self._file, 0)
        return self._opened

    def _write(self) -> None:
        os.pwrite(self._file, json.dumps(self._opened).encode("utf-8"), 0)  # it only grows until the cell ends


def read_notes(path: str) -> Optional[Dict[str, Any]]:
    """Return what the process noted of the cell that it ran last, None when none was running."""
    try:
        with open(path, "rb") as file:
            return json.loads(file.read().decode("utf-8"))
    except (OSError, ValueError):
        return None
