"""A command of ours in a process of its own, watched from outside: what it has started, and what it leaves."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from matrix.ending.guard import MARK, MEMORY, PREFIX

TRIAL = "MATRIX_TRIAL"
SOON = 15.0  # seconds in which all of it must have ended
PLACES = (MEMORY, Path("/tmp"))
GUARDS = re.compile(r"sweeper\.py\0([0-9a-f]{8})")


class Command:
    """Runs `python -m ...` in a checkout; the marks of its guards are remembered, for they are in its directories' names."""

    def __init__(self, checkout: Path, *arguments: str, **variables: str) -> None:
        self.trial = f"{TRIAL}={secrets.token_hex(8)}"
        self.marks: set[str] = set()
        self._output = checkout.parent / f"output-{self.trial[-8:]}"
        name, _, value = self.trial.partition("=")
        environment = {key: text for key, text in os.environ.items() if key != MARK} | variables | {name: value}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *arguments], cwd=checkout, env=environment, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
            )

    def read_output(self) -> str:
        return self._output.read_text()

    def wait(self, seconds: float) -> int | None:
        """Let it run for so long at most; returns its exit code if it has ended."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and self.process.poll() is None:
            self.find_processes()
            time.sleep(0.02)
        return self.process.poll()

    def wait_for(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Let it run until something is so."""
        ends = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.read_output()
            assert time.monotonic() < ends, self.read_output()
            self.wait(0.02)

    def end(self, number: int, group: bool = False) -> None:
        """Signal it, or all of its process group, and wait for its end."""
        self.find_processes()
        (os.killpg if group else os.kill)(self.process.pid, number)
        self.process.wait(SOON)

    def find_processes(self) -> dict[int, str]:
        """Return the command lines of all that it has started: what carries our variable or its mark, and servers in its directories."""
        processes = dict(read_processes())
        ours = {pid: line for pid, (line, variables) in processes.items() if self.trial in variables}
        self.marks |= {mark for line in ours.values() for mark in GUARDS.findall(line)}
        marks = {f"{MARK}={mark}" for mark in self.marks}
        marked = {pid: line for pid, (line, variables) in processes.items() if marks & variables}
        return ours | marked | {pid: line for pid, (line, _) in processes.items() if any(f"{PREFIX}{mark}-" in line for mark in self.marks)}

    def find_left(self) -> list[str]:
        """Return what is left of it at this moment: processes, and directories in temporary places."""
        directories = [str(path) for place in PLACES for mark in self.marks for path in place.glob(f"{PREFIX}{mark}-*")]
        return [*self.find_processes().values(), *directories]

    def check_gone(self) -> None:
        """Demand that soon nothing of it is left, and that it never spoke in tracebacks."""
        ends = time.monotonic() + SOON
        while left := self.find_left():
            if time.monotonic() > ends:
                self.kill_left()
                raise AssertionError(f"left after {SOON:.0f} s: {left}\n{self.read_output()}")
            time.sleep(0.05)
        self.process.stdin.close()  # till now, for a shell would end with it
        assert "Traceback" not in self.read_output(), self.read_output()

    def kill_left(self) -> None:
        for pid in self.find_processes():
            os.kill(pid, signal.SIGKILL)


def read_processes() -> Iterator[tuple[int, tuple[str, set[str]]]]:
    """Give every process that we may read: its command line, and the environment that it began with."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line, variables = ((path / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ"))
        except OSError:
            continue
        yield int(path.name), (line, set(variables.split("\0")))
