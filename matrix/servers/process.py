"""Server processes of ours: started under a keeper, on a port that nobody else gets, waited for."""

from __future__ import annotations

import json
import os
import secrets
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matrix.disk import DiskFull, says_full
from matrix.ending import guard, stop
from matrix.servers.directory import TEMPORARY, RunDirectory
from matrix.servers.installation import keep_last, make_environment
from matrix.servers.server import Answer, WayUnavailable, cut_lines

LOOPBACK = "127.0.0.1"
PATIENCE = 120.0  # seconds until a start has failed
KEEPER = Path(__file__).with_name("keeper.py")
HOME = Path(__file__).parents[2]


@dataclass
class Launch:
    """Something that runs and that its keeper ends: a server process, or a container."""

    command: list[str]
    log: Path
    _keeper: subprocess.Popen[bytes] = field(repr=False)
    _directory: RunDirectory = field(repr=False)
    _owner: int = field(default_factory=os.getpid, repr=False)

    def has_ended(self) -> bool:
        """Whether the server process ended by itself: only then has the keeper more to say."""
        assert self._keeper.stdout is not None
        return bool(select.select([self._keeper.stdout], [], [], 0)[0])

    def describe_failure(self, what: str) -> str:
        """Return a text with the command, what happened, the last lines of the log and what to do. Raises DiskFull if that was it."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        self._directory.check_room()
        if says_full(text):
            raise DiskFull(TEMPORARY, self._directory.path.parent)
        return f"{shlex.join(self.command)}: {what}; the last lines of its log:\n{keep_last(text)}\nTry another way (--servers) or give the URL of a running server."

    def read_log(self, offset: int) -> tuple[str, int]:
        """Return the log's whole lines from byte `offset` on, and the offset after them."""
        with self.log.open("rb") as log:
            log.seek(offset)
            return cut_lines(log.read(), offset)

    def stop(self) -> None:
        """End it, and wait until it and its directory are gone. Does nothing in a fork of its starter."""
        if os.getpid() != self._owner:
            return
        assert self._keeper.stdin is not None and self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper.stdout.close()
        self._directory.remove()


def launch(
    directory: RunDirectory,
    command: Sequence[str],
    account: Mapping[str, Any] | None = None,
    stop_signal: int = signal.SIGTERM,
    at_end: Sequence[Sequence[str]] = (),
) -> Launch:
    """Start `command` (may be empty) under a keeper that ends it, and runs `at_end`, when we are gone.

    Raises WayUnavailable when it cannot be started.
    """
    stop.check()
    log = directory.path / "log"
    order = {
        "command": list(command),
        "environment": make_environment(),
        "account": dict(account or {}),
        "directory": str(directory.path),
        "home": str(HOME),
        "lock": str(directory.path / "lock"),
        "log": str(log),
        "stop_signal": int(stop_signal),
        "at_end": [list(part) for part in at_end],
    }
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(KEEPER)],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=guard.unmarked(),  # the keeper ends by itself, and in order
        start_new_session=True,
        cwd="/",
    )
    launched = Launch(list(command), log, keeper, directory)
    try:
        answer = _give_order(keeper, order)
    except BaseException:
        launched.stop()
        raise
    if answer != "started":
        launched.stop()
        raise WayUnavailable(f"{shlex.join(command)}: could not be started: {answer.removeprefix('failed ') or 'its keeper ended'}")
    return launched


def _give_order(keeper: subprocess.Popen[bytes], order: Mapping[str, Any]) -> str:
    assert keeper.stdin is not None and keeper.stdout is not None
    keeper.stdin.write(json.dumps(order).encode() + b"\n")
    return keeper.stdout.readline().decode().strip()


def wait_for_answer(
    ask: Callable[[], Answer],
    not_yet: tuple[type[Exception], ...],
    has_ended: Callable[[], bool],
    describe_failure: Callable[[str], str],
) -> Answer:
    """Return the first answer of a starting server; raise WayUnavailable when it ends or stays silent."""
    deadline = time.monotonic() + PATIENCE
    pause = 0.005  # seconds, growing: most servers are up within a few of these
    while True:
        stop.check()
        try:
            return ask()
        except not_yet as error:
            if has_ended():
                raise WayUnavailable(describe_failure("ended before it was ready")) from None
            if time.monotonic() > deadline:
                raise WayUnavailable(describe_failure(f"was not ready after {PATIENCE:.0f} s ({error})")) from None
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def make_password() -> str:
    """Return a random password that needs no quoting anywhere."""
    return secrets.token_hex(16)


def reserve_port() -> socket.socket:
    """Return a socket that holds a free port of the loopback interface.

    While it is open no other program is given the port; a server can listen on it all the
    same, because servers set SO_REUSEADDR and this socket never listens.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((LOOPBACK, 0))
    return holder
