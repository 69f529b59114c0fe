"""Answers the supervisor's question "what does your interpreter wait for?", asked by a signal.

Python runs a signal handler only between two instructions of the main thread. A thread inside a C
driver's call does not answer at all, which is an answer: nobody is left who could commit.
"""
import asyncio
import signal

DRIVERS = ("socket", "ssl", "pymysql", "pg8000", "mysql", "scramp")
FRAMES = 6


def answer_signals(channel):
    """Answer SIGUSR1 over the channel from now on."""

    def answer(number, frame):
        channel.send({"idle": describe_idleness(frame)})

    signal.signal(signal.SIGUSR1, answer)


def describe_idleness(frame):
    """Return whether the main thread reads from a driver, or an event loop with nothing left to run."""
    modules = []
    while frame is not None and len(modules) < FRAMES:
        modules.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    loop = asyncio._get_running_loop()
    return {
        "waits_for_driver": modules[:1] != [] and modules[0].split(".")[0] in DRIVERS,
        "event_loop": loop is not None and modules[:1] == ["selectors"],
        "tasks_ready": len(getattr(loop, "_ready", ())),
        "timers": sum(1 for handle in getattr(loop, "_scheduled", ()) if not handle.cancelled()),
    }
