"""The guard of a process: started with the first thing that could outlive it, it removes all of that if we are killed.

What we start carries our mark in its environment (`mark`), what we put into temporary places carries it in its
name. Servers are not marked: each has a keeper, which ends it in order.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matrix.cache import cache_dir

PREFIX = "isolation-matrix-"
MARK = "MATRIX_STARTED_BY"
MEMORY = Path("/dev/shm")
SWEEPER = Path(__file__).with_name("sweeper.py")


@dataclass
class Guard:
    """The process that sweeps up after its owner, and the mark that it looks for."""

    mark: str
    owner: int
    process: subprocess.Popen[bytes]


_guard: Guard | None = None
_changing = threading.Lock()


def call() -> str:
    """Return the mark of this process, whose guard is started first if it has none."""
    global _guard
    with _changing:
        if _guard is None or _guard.owner != os.getpid():  # a fork needs one of its own
            _guard = _start(secrets.token_hex(4))
        return _guard.mark


def _start(mark: str) -> Guard:
    order = {"mark": f"{MARK}={mark}", "prefix": f"{PREFIX}{mark}-", "places": list_places(), "cache": str(cache_dir())}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(SWEEPER), mark],  # the mark is for whoever looks at processes
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=unmarked(),
        start_new_session=True,
        cwd="/",
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    return Guard(mark, os.getpid(), process)


def watch(place: Path) -> None:
    """Have the guard look in one more directory for what carries our mark in its name."""
    call()
    _tell(json.dumps({"place": str(place)}))


def dismiss() -> None:
    """Let the guard go: all that was started has ended in order, and what a user started from our shell may stay."""
    global _guard
    if _guard is not None and _guard.owner == os.getpid():
        assert _guard.process.stdin is not None
        _tell(json.dumps({"done": True}))
        _guard.process.stdin.close()
        _guard.process.wait()
        _guard = None


def _tell(text: str) -> None:
    assert _guard is not None and _guard.process.stdin is not None
    try:
        _guard.process.stdin.write(text.encode() + b"\n")
    except BrokenPipeError:
        pass  # somebody has killed it


def mark(environment: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables with our mark, for a process that the guard is to end if we are killed."""
    return {**environment, MARK: call()}


def unmarked() -> dict[str, str]:
    """Return our environment variables for what is not the guard's to end."""
    return {name: value for name, value in os.environ.items() if name != MARK}


def list_places() -> list[str]:
    """Return where our temporary directories may be."""
    return list(dict.fromkeys(str(place) for place in (MEMORY, tempfile.gettempdir(), "/tmp")))
