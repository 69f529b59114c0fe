"""When the hang watch asks the server: only of a process that stands still."""

from collections.abc import Iterator
from threading import Event

import pytest

from matrix.supervisor.hangs import HangWatch


class Child:
    """A process that says nothing for some looks, and then that its cell has ended."""

    def __init__(self, running_times: Iterator[list[str]], silences: int) -> None:
        self._running_times, self._silences = running_times, silences
        self.channel = self

    def receive(self, timeout: float) -> dict | None:
        self._silences -= 1
        return None if self._silences >= 0 else {"ended": {}}

    def read_running_times(self) -> list[str]:
        return next(self._running_times)


class Server:
    """Counts how often its lock views are read."""

    def __init__(self) -> None:
        self.looks = 0

    def find_lock_waits(self) -> list:
        self.looks += 1
        return []


def count_up() -> Iterator[list[str]]:
    yield from ([str(number)] for number in range(100))


def stay() -> Iterator[list[str]]:
    while True:
        yield ["1000 0 7"]


def tell_nothing() -> Iterator[list[str]]:
    while True:
        yield []


@pytest.mark.parametrize(("running_times", "looks"), [(count_up, 0), (stay, 9), (tell_nothing, 9)])
def test_server_is_asked_only_of_a_process_that_stands_still(running_times, looks):
    server = Server()
    watch = HangWatch(Child(running_times(), 10), server, deadline_s=6.0, stop=Event())
    assert watch.receive() == {"ended": {}}
    assert server.looks == looks
