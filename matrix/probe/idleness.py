"""Answers the supervisor's question "can anything still happen in there?", asked by a signal.

Python runs a signal handler only between two instructions of the main thread. A thread inside a C
driver's call does not answer at all, which is an answer: nobody is left who could commit.
"""

import signal
import sys
import threading

#: Reading from a socket in Python: these drivers wait for the server in there.
DRIVERS = ("socket", "ssl", "pymysql", "pg8000", "mysql", "scramp")
#: These wake their event loop now and then only to look whether the server has answered.
POLLING_DRIVERS = ("psycopg",)


def answer_signals(channel):
    """Answer SIGUSR1 over the channel from now on."""

    def answer(number, frame):
        channel.send({"idle": describe_idleness(frame)})

    signal.signal(signal.SIGUSR1, answer)


def describe_idleness(main_frame):
    """Return how many threads Python knows, how many read from a driver, and whether all others can do nothing."""
    frames = sys._current_frames()
    frames[threading.get_ident()] = main_frame  # ours is this handler's
    others = [frame for frame in frames.values() if name_module(frame).split(".")[0] not in DRIVERS]
    return {"threads": len(frames), "in_driver": len(frames) - len(others), "idle": all(map(is_idle, others))}


def name_module(frame):
    """Return the name of the module whose code a frame runs."""
    return frame.f_globals.get("__name__", "")


def is_idle(frame):
    """Return whether a thread can do nothing by itself: what it waits for has no time limit."""
    module = name_module(frame)
    if module == "threading":  # a lock, another thread's end, a future, a queue
        return frame.f_locals.get("timeout", -1) in (None, -1)
    if module == "concurrent.futures.thread":  # a pool's worker that has nothing to do
        return frame.f_code.co_name == "_worker"
    loop = find_event_loop(frame)
    return module == "selectors" and loop is not None and not has_work(loop)


def has_work(loop):
    """Return whether something is ready to run, has arrived from a server, or will be woken by a timer."""
    arrived = [key for key, _ in loop._selector.select(0) if key.fileobj is not loop._ssock]
    return bool(loop._ready) or bool(arrived) or count_timers(loop) > count_polls(loop)


def find_event_loop(frame):
    """Return the event loop that runs in this frame's thread, or None."""
    while frame is not None and frame.f_code.co_name != "_run_once":
        frame = frame.f_back
    return frame.f_locals.get("self") if frame is not None else None


def count_timers(loop):
    """Return how many timers of the loop will still wake somebody."""
    return sum(1 for handle in loop._scheduled if not handle.cancelled())


def count_polls(loop):
    """Return how many connections are watched by a driver that has set such a timer only to look again."""
    handles = [handle for key in loop._selector.get_map().values() for handle in key.data or () if handle is not None]
    return sum(1 for handle in handles if is_polling(handle._callback))


def is_polling(callback):
    """Return whether such a driver wants to be called when its connection has news."""
    return (getattr(callback, "__module__", None) or "").split(".")[0] in POLLING_DRIVERS
