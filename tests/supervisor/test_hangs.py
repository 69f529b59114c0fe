"""When the hang watch asks the server: only of a process that stands still."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from matrix.supervisor import child as supervisor_child
from matrix.supervisor.hangs import HangWatch


class Child:
    """A process that says nothing for some looks, and then that its cell has ended."""

    def __init__(self, runs: bool, silences: int) -> None:
        self._runs, self._silences = runs, silences
        self.channel = self

    def receive(self, timeout: float) -> dict | None:
        self._silences -= 1
        return None if self._silences >= 0 else {"ended": {}}

    def has_run(self) -> bool:
        return self._runs


class Hello:
    """The channel of a process that has said its number."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def receive(self, timeout: float) -> dict:
        return {"hello": self._pid}


class Server:
    """Counts how often its lock views are read."""

    def __init__(self) -> None:
        self.looks = 0

    def find_lock_waits(self) -> list:
        self.looks += 1
        return []


def wait_until(holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 5
    while not holds() and time.monotonic() < ends:
        time.sleep(0.01)
    return time.monotonic() < ends


@pytest.mark.parametrize(("runs", "looks"), [(True, 0), (False, 10)])
def test_server_is_asked_only_of_a_process_that_stands_still(runs, looks):
    server = Server()
    watch = HangWatch(Child(runs, silences=10), server, deadline_s=6.0, stop=Event())
    assert watch.receive() == {"ended": {}}
    assert server.looks == looks


def test_thread_that_runs_is_noticed():
    """The main thread only waits: what its process does shows in the other one."""
    code = "import sys, threading; t = threading.Thread(target=lambda: [sum(range(9)) for _ in iter(sys.stdin.readline, '')]); t.start(); print(); t.join()"
    with subprocess.Popen([sys.executable, "-uc", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        child = supervisor_child.Child(Hello(process.pid), Path(), Path(), lambda pid, timeout: None)
        wait_until(lambda: not child.has_run())
        assert not child.has_run()
        process.stdin.write("on\n")
        process.stdin.flush()
        assert wait_until(child.has_run)
