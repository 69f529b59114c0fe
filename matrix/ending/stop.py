"""A stop that was asked for: one for the whole process, at whatever moment, never forgotten by what comes next."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LIMIT = 8.0  # seconds for an end in order; after that the guard ends what is left, within 15 s in all

_asked = 0  # the signal; no Event, whose lock the thread that handles the signal might hold already
_held = 0
_listeners: list[threading.Event] = []
_at_stop: list[Callable[[], None]] = []


class Stopped(SystemExit):
    """The stop that was asked for. It ends the process without a traceback even where nobody catches it."""


def ask(number: int) -> None:
    """Ask for the stop: whoever listens is told, children end, and the main thread raises Stopped unless it holds on.

    A second signal changes nothing: nox's death follows its interrupt, and the limit ends us in any case.
    """
    global _asked
    if _asked:
        return
    _asked = number
    limit = threading.Timer(LIMIT, lambda: os._exit(128 + number))
    limit.daemon = True
    limit.start()
    for listener in _listeners:
        listener.set()
    for act in list(_at_stop):
        act()
    if not _held:
        check()


def get_signal() -> int:
    """Return the signal that asked for the stop; 0 while none has."""
    return _asked


def check() -> None:
    """Raise Stopped once a stop was asked for; call it where something long begins or is waited for."""
    if _asked:
        raise Stopped(128 + _asked)


@contextmanager
def hold(*listeners: threading.Event) -> Iterator[None]:
    """Let a block end by itself: a stop sets the listeners, and is raised only where the outermost block ends."""
    global _held
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _held += 1
    _listeners.extend(listeners)
    try:
        check()
        yield
    finally:
        _held -= 1
        for listener in listeners:
            _listeners.remove(listener)
    if not _held:
        check()


def act_on_stop(act: Callable[[], None]) -> None:
    """Have something done as soon as a stop is asked for, in a signal handler: it must be quick and raise nothing."""
    _at_stop.append(act)


def finish() -> None:
    """Raise nothing any more: the process is about to end by itself."""
    global _held
    _held += 1
