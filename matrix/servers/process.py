"""Server processes on this machine: who runs them, on which port, and when they are ready."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matrix.servers.directory import RunDirectory
from matrix.servers.server import Answer, WayUnavailable, cut_lines

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0  # seconds until a start has failed
KEEPER = Path(__file__).with_name("keeper.py")
LAST_LINES = 15


@dataclass(frozen=True)
class Installation:
    """The program files of one server, and what it takes to run them."""

    product: str
    version: str
    programs: Path  # directory of the programs
    loader: tuple[str, ...] = ()  # goes before each program: the dynamic loader of a private root
    share: Path | None = None
    plugins: Path | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.loader, str(self.programs / program), *arguments]


@dataclass
class Launch:
    """A server process that its keeper looks after."""

    command: list[str]
    log: Path
    _keeper: subprocess.Popen[bytes] = field(repr=False)
    _directory: RunDirectory = field(repr=False)

    def wait_until_ready(self, ask: Callable[[], Answer], errors: tuple[type[Exception], ...]) -> Answer:
        """Return the first answer; raise WayUnavailable when the server ends or stays silent."""
        deadline = time.monotonic() + PATIENCE
        pause = 0.005
        while True:
            try:
                return ask()
            except errors as error:
                if self.has_ended():
                    raise WayUnavailable(describe_failure(self.command, "ended before it was ready", self.log)) from None
                if time.monotonic() > deadline:
                    raise WayUnavailable(describe_failure(self.command, f"was not ready after {PATIENCE:.0f} s ({error})", self.log)) from None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def has_ended(self) -> bool:
        """Whether the server process ended by itself."""
        output = self._keeper.stdout
        assert output is not None
        return bool(output.peek(1)) if _has_input(output.fileno()) else self._keeper.poll() is not None

    def read_log(self, offset: int) -> tuple[str, int]:
        with self.log.open("rb") as log:
            log.seek(offset)
            return cut_lines(log.read(), offset)

    def stop(self) -> None:
        """Stop the server, wait until it and its directory are gone."""
        assert self._keeper.stdin is not None and self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper.stdout.close()
        self._directory.remove()


def launch(
    directory: RunDirectory,
    command: Sequence[str],
    account: dict[str, Any] | None = None,
    stop_signal: int = signal.SIGTERM,
    at_end: Sequence[Sequence[str]] = (),
) -> Launch:
    """Start `command` (may be empty) under a keeper that ends it, and runs `at_end`, when we are gone."""
    log = directory.path / "log"
    order = {
        "command": list(command),
        "environment": make_environment(),
        "account": account or {},
        "directory": str(directory.path),
        "lock": str(directory.path / "lock"),
        "log": str(log),
        "stop_signal": int(stop_signal),
        "at_end": [list(part) for part in at_end],
    }
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(KEEPER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    launched = Launch(list(command), log, keeper, directory)
    assert keeper.stdin is not None and keeper.stdout is not None
    try:
        keeper.stdin.write(json.dumps(order).encode() + b"\n")
        keeper.stdin.flush()
        answer = keeper.stdout.readline().decode().strip()
    except BaseException:
        launched.stop()
        raise
    if answer != "started":
        launched.stop()
        raise WayUnavailable(f"{shlex.join(command)}: could not be started: {answer.removeprefix('failed ') or 'its keeper ended'}")
    return launched


def run(command: Sequence[str], directory: Path, account: dict[str, Any] | None = None, **options: Any) -> str:
    """Run a preparing command to its end and return its output; raise WayUnavailable when it fails."""
    try:
        done = subprocess.run(command, cwd=directory, env=make_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options, **(account or {}))
    except OSError as error:
        raise WayUnavailable(f"{shlex.join(command)}: could not be started: {error}") from error
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise WayUnavailable(f"{shlex.join(command)}: ended with exit code {done.returncode}; its last lines:\n" + _keep_last(output))
    return output


def make_environment() -> dict[str, str]:
    """Return the environment of server programs: nothing of the user's settings, messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def make_password() -> str:
    """Return a random password that needs no quoting anywhere."""
    return secrets.token_hex(16)


def reserve_port() -> socket.socket:
    """Return a socket that holds a free port of the loopback interface.

    While it is open no other program is given the port; servers can listen on it all the
    same, because they set SO_REUSEADDR and this socket never listens.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((LOOPBACK, 0))
    return holder


def choose_account() -> dict[str, Any]:
    """Return how to start a program that refuses to be root: as nobody when we are root."""
    return {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}


def give_to(account: dict[str, Any], path: Path) -> None:
    """Make the account the owner of everything below `path`."""
    if account:
        for directory, _, names in os.walk(path):
            for entry in (directory, *(os.path.join(directory, name) for name in names)):
                os.chown(entry, account["user"], account["group"], follow_symlinks=False)


def describe_failure(command: Sequence[str], what: str, log: Path) -> str:
    """Return a text that names the command, what happened, the last log lines and what to do."""
    text = log.read_text("utf-8", "replace") if log.exists() else ""
    return f"{shlex.join(command)}: {what}; the last lines of its log:\n{_keep_last(text) or '  (empty)'}\nTry it again with another way (--servers), or give a URL."


def find_program(name: str, places: Sequence[Path]) -> list[Path]:
    """Return the programs of that name on PATH and in the usual places, each once."""
    on_path = shutil.which(name)
    candidates = [Path(on_path)] if on_path else []
    candidates += [place / name for place in places if os.access(place / name, os.X_OK)]
    return list(dict.fromkeys(candidate.resolve() for candidate in candidates))


def _keep_last(text: str) -> str:
    return "\n".join("  " + line for line in text.strip().splitlines()[-LAST_LINES:])


def _has_input(descriptor: int) -> bool:
    import select

    return bool(select.select([descriptor], [], [], 0)[0])
