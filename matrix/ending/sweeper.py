"""Ends and removes what a process has left. Run as a script by matrix.ending.guard, standard library only.

A killed process cleans nothing up, but its end of a pipe always closes. This one holds the other
end, in a session of its own. "done" says that nothing is left to do; end of file without it says that
the owner is gone: then every process that carries its mark is killed, and its directories go.
"""

import fcntl
import glob
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from io import FileIO
from typing import Any

KILLING = 3.0  # seconds for killed processes to be gone
PATIENCE = 8.0  # seconds for keepers to end their servers
RECORD = "isolation-matrix.json"  # the last file that is written into an environment


def main() -> None:
    owner = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with open(0, "rb", buffering=0) as orders:
        order = json.loads(orders.readline())
        for more in listen(orders, owner):
            if "done" in more:
                return
            order["places"].append(more["place"])
    end_processes(order["mark"].encode())
    remove_halves(order["cache"])
    remove_marked(order["places"], order["prefix"])


def listen(orders: FileIO, owner: int) -> Iterator[dict[str, Any]]:
    """Give what the owner says until it is gone: its end of the pipe is closed, or only a fork of it holds it open."""
    while True:
        if select.select([orders], [], [], 0.5)[0]:
            line = orders.readline()
            if not line:
                return
            yield json.loads(line)
        elif os.getppid() != owner:
            return


def end_processes(mark: bytes) -> None:
    """Kill what carries the mark until two looks find nothing: while we look, the living may start others (Linux)."""
    ends, looks = time.monotonic() + KILLING, 0
    while looks < 2 and time.monotonic() < ends:
        found = [pid for pid in list_processes() if mark in read_environment(pid)]
        looks = 0 if found else looks + 1
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        time.sleep(0.05)


def list_processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def read_environment(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def remove_marked(places: list[str], prefix: str) -> None:
    """Remove the owner's directories; those that a keeper holds go with it, it still needs them."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        left = [path for place in places for path in glob.glob(os.path.join(glob.escape(place), prefix + "*"))]
        if not left:
            return
        for path in left:
            if not is_held(os.path.join(path, "lock")):
                shutil.rmtree(path, ignore_errors=True)
        time.sleep(0.05)


def is_held(lock: str) -> bool:
    try:
        with open(lock) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def remove_halves(cache: str) -> None:
    """Remove what was being made for the cache and will not be finished: nobody holds its lock."""
    for lock in glob.glob(os.path.join(glob.escape(cache), "*", "*.lock")):
        made = lock[: -len(".lock")]
        halves = [path for path in (made + ".draft", made + ".scratch") if os.path.isdir(path)]
        if os.path.basename(os.path.dirname(lock)) == "environments" and os.path.isdir(made) and not os.path.exists(os.path.join(made, RECORD)):
            halves.append(made)
        remove_unheld(lock, halves)
    uv = os.path.join(glob.escape(cache), "uv")  # a killed uv leaves what it was unpacking; a living one shares this lock
    for lock in glob.glob(os.path.join(uv, ".lock")):
        remove_unheld(lock, glob.glob(os.path.join(uv, ".tmp*")))


def remove_unheld(lock: str, paths: list[str]) -> None:
    if not paths:
        return
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        for path in paths:
            shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main()
