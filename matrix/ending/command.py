"""One command of ours, from the first moment to its exit code. Light: it comes before a command's other imports."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from matrix.ending import guard, stop

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
NOX = "MATRIX_NOX"  # the process id of the nox that started us


def begin() -> None:
    """Understand signals from now on, and follow nox. Call it once, first, from the main thread of a command."""
    follow_nox()
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, frame: stop.ask(number))


def follow_nox() -> None:
    """End when nox is killed, for then it tells its children nothing (Linux)."""
    if "NOX_CURRENT_SESSION" in os.environ and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        nox = os.environ.get(NOX)
        if nox and not _is_alive(nox):  # it was killed before we asked to be told
            os._exit(128 + signal.SIGTERM)


def _is_alive(pid: str) -> bool:
    """Say whether a process runs (Linux): one that has ended stays until its parent has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def conclude(command: Callable[[], int], kept: str) -> int:
    """Run a command to its end; returns its exit code, or that of the stop after a sentence that says what is kept."""
    try:
        code = command()
    except stop.Stopped:
        code = 0
    stop.finish()  # from here on nothing is left to interrupt
    number = stop.get_signal()
    if number:
        print(f"stopped by {signal.Signals(number).name}: {kept}", file=sys.stderr, flush=True)
        return 128 + number
    guard.dismiss()
    return code
