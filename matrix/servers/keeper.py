"""Keeps one server and ends it when whoever started it is gone. Run as a script, standard library only.

Signals can be missed and a killed process cleans nothing up, but its end of a pipe always
closes. So this process holds the other end: it starts the server, waits until its standard
input ends, then stops the server and removes its directory. It has a session of its own, so
what is typed at the starter's terminal does not reach it.
"""

import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from io import FileIO
from typing import Any

GRACE = 5.0  # seconds a server has between being told to stop and being killed
PR_SET_PDEATHSIG = 1


def main() -> int:
    owner = os.getppid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(0, "rb", buffering=0) as orders:
        order = json.loads(orders.readline())
        with open(order["lock"]) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            keep(order, orders, owner)
    return 0


def keep(order: dict[str, Any], orders: FileIO, owner: int) -> None:
    """Start what is ordered, wait until it is no longer wanted, end it and remove its directory."""
    server = None
    try:
        server = start(order)
        wait(orders, owner, server)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if server is not None:
            stop(server, order["stop_signal"])
        for command in order["at_end"]:
            subprocess.run(command, cwd=order["home"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        remove(order["directory"])


def start(order: dict[str, Any]) -> subprocess.Popen[bytes] | None:
    """Start the ordered command, if any, and say on standard output whether that worked."""
    if not order["command"]:
        say("started")
        return None
    with open(order["log"], "ab") as log:
        try:
            server: subprocess.Popen[bytes] = subprocess.Popen(
                order["command"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=order["environment"],
                cwd=order["directory"],
                start_new_session=True,
                preexec_fn=die_with_parent,
                **order["account"],
            )
        except OSError as error:
            say(f"failed {error}")
            return None
    say("started")
    return server


def die_with_parent() -> None:
    """Let the kernel kill the server if this keeper is killed. The keeper has one thread, as that needs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait(orders: FileIO, owner: int, server: subprocess.Popen[bytes] | None) -> None:
    """Return when the starter closed its end or is gone; say it when the server ends by itself."""
    running = server
    while os.getppid() == owner and not select.select([orders], [], [], 0.2)[0]:
        if running is not None and running.poll() is not None:
            say(f"ended {running.returncode}")
            running = None


def stop(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    if server.poll() is None:
        server.send_signal(stop_signal)
        try:
            server.wait(GRACE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def remove(directory: str) -> None:
    """Remove the directory; children of the server may still be leaving it."""
    for _ in range(50):
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.lexists(directory):
            return
        time.sleep(0.02)


def say(text: str) -> None:
    try:
        os.write(1, text.encode() + b"\n")
    except OSError:
        pass  # nobody is left to hear it


if __name__ == "__main__":
    sys.exit(main())
