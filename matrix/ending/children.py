"""Programs that we run to their end, and that end at once, with all that they started, when we are to stop."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matrix.ending import guard, stop

_running: set[int] = set()


def run_child(
    command: Sequence[str | Path], timeout: float | None = None, input: bytes | None = None, capture_output: bool = False, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """Run a command as subprocess.run does, in a process group of its own. Raises Stopped when a stop ends it or came before it."""
    stop.check()
    options["env"] = guard.mark(options.get("env") or os.environ)
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if input is not None:
        options["stdin"] = subprocess.PIPE
    with subprocess.Popen(command, process_group=0, **options) as process:
        _running.add(process.pid)
        try:
            stop.check()
            output, errors = process.communicate(input, timeout)
        except BaseException:
            end_group(process.pid)
            raise
        finally:
            _running.discard(process.pid)
    stop.check()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def end_group(leader: int) -> None:
    """Kill a process group that we started."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except OSError:
        pass


def _end_running() -> None:
    for leader in list(_running):
        end_group(leader)


stop.act_on_stop(_end_running)
