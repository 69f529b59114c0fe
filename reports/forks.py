"""Work that only computes, on all cores: the same function for many items, each core in a fork of its own.

A fork hands its results over a pipe as it goes. It is killed when we end early, and ends by itself when we are killed,
because nobody is left to write to.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class ForkFailed(Exception):
    """A fork ended without all of its results, by no error of the work itself."""


def compute_all(work: Callable[[Item], Result], items: Sequence[Item], weigh: Callable[[Item], int], cores: int | None = None) -> list[Result]:
    """Return the result for every item, in their order. weigh: how much work an item is, in any unit.

    Raises what the work raises, ForkFailed.
    """
    shares = split(items, weigh, cores or os.cpu_count() or 1)
    if len(shares) < 2:
        return [work(item) for item in items]
    found: dict[int, Result] = {}
    with ExitStack() as ending:
        pipes = [start(work, [(place, items[place]) for place in share], ending) for share in shares]
        while len(found) < len(items):
            for pipe in filter(wait(pipes).__contains__, list(pipes)):
                place, result, error = receive(pipe)
                if error is not None:
                    raise error
                if place is None:
                    pipes.remove(pipe)
                else:
                    found[place] = result
    return [found[place] for place in range(len(items))]


def split(items: Sequence[Item], weigh: Callable[[Item], int], cores: int) -> list[list[int]]:
    """Return the places of the items in at most `cores` shares of about the same weight."""
    shares: list[list[int]] = [[] for _ in range(cores)]
    weights = [0] * cores
    for place in sorted(range(len(items)), key=lambda place: -weigh(items[place])):
        lightest = weights.index(min(weights))
        shares[lightest].append(place)
        weights[lightest] += weigh(items[place])
    return [share for share in shares if share]


def start(work: Callable[[Item], Result], share: Iterable[tuple[int, Item]], ending: ExitStack) -> Connection:
    """Start a fork and return the end of its pipe; both are gone when `ending` is closed."""
    ours, its = Pipe(duplex=False)
    pid = os.fork()
    if not pid:
        run(work, share, ours, its)
    its.close()
    ending.callback(end, pid)
    return ending.enter_context(ours)


def run(work: Callable[[Item], Result], share: Iterable[tuple[int, Item]], ours: Connection, its: Connection) -> None:
    """What the fork does, to its end: nothing of the parent's goes on in it."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        ours.close()
        gc.disable()  # what it makes goes when it is done with, and the rest with the fork
        for place, item in share:
            its.send(try_work(work, place, item))
        its.send((None, None, None))
    finally:
        os._exit(0)


def try_work(work: Callable[[Item], Result], place: int, item: Item) -> tuple[int, Result | None, Exception | None]:
    try:
        return place, work(item), None
    except Exception as error:
        return place, None, error


def receive(pipe: Any) -> tuple[int | None, Any, Exception | None]:
    try:
        received: tuple[int | None, Any, Exception | None] = pipe.recv()
        return received
    except EOFError:
        raise ForkFailed("a process ended before it had done its share; is the machine out of memory?") from None


def end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(pid, 0)
