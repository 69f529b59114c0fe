"""Runs the project's pytest with the probe on its path, and lets the auditor hear it."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from matrix.audit.auditor import Auditor, Worker
from matrix.audit.hanging import watch_hangs
from matrix.ending import guard, stop
from matrix.probe.channel import Channel, ChannelClosed

PROBE = Path(__file__).parents[1] / "probe"
#: What the probe is called inside the project: not "matrix", which could be the project's own.
PACKAGE = "isolation_matrix_probe"
QUIET = 1.0  # seconds without a word, after which lock views are read


@dataclass
class Ran:
    """How the project's pytest ended."""

    code: int
    duration_s: float
    interrupted: bool


def place_probe(directory: Path) -> None:
    """Copy the probe into a package of its own, the only name that the project's process sees of ours."""
    target = directory / PACKAGE
    target.mkdir()
    for source in PROBE.glob("*.py"):
        target.joinpath(source.name).write_text(source.read_text("utf-8").replace("matrix.probe", PACKAGE), "utf-8")


def run_suite(
    auditor: Auditor, command: Sequence[str | Path], project: Path, variables: dict[str, str], log: Path, progress: Callable[[Auditor], None],
    only: Sequence[str] = (),
) -> Ran:  # fmt: skip
    """Run pytest to its end and hear it all the time; what it prints goes into `log`. only: these tests, and not all that the command names."""
    directory = Path(tempfile.mkdtemp(prefix=f"{guard.PREFIX}{guard.call()}-"))
    started = time.monotonic()
    try:
        place_probe(directory)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(directory / "socket"))
        listener.listen()
        path = os.pathsep.join(filter(None, [str(directory), variables.get("PYTHONPATH", "")]))
        environment = {**variables, "PYTHONPATH": path, "MATRIX_AUDIT_SOCKET": str(directory / "socket")}
        if only:  # a name added to the command would run beside the folders that stand there
            directory.joinpath("only.json").write_text(json.dumps(list(only)), "utf-8")
            environment["MATRIX_AUDIT_ONLY"] = str(directory / "only.json")
        with log.open("wb") as output:
            child = start_process(command, project, environment, output)
            interrupted = False
            try:
                hear_all(auditor, listener, child, progress)
            except (stop.Stopped, KeyboardInterrupt):
                interrupted = True
            finally:
                end(child)
        return Ran(child.returncode, time.monotonic() - started, interrupted)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def start_process(command: Sequence[str | Path], project: Path, variables: dict[str, str], output: BinaryIO) -> subprocess.Popen[bytes]:
    """Start a process of the project's own, at the head of a group, in its folder; what it prints goes to `output`."""
    return subprocess.Popen(
        [str(part) for part in command], cwd=project, env=guard.mark(variables),
        stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, process_group=0,
    )  # fmt: skip


def hear_all(auditor: Auditor, listener: socket.socket, child: subprocess.Popen[bytes], progress: Callable[[Auditor], None]) -> None:
    """Answer one message after the other until the child has ended."""
    workers: dict[Channel, Worker] = {}
    heard = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while child.poll() is None:
            over = bool(workers) and all(worker.finished for worker in workers.values())
            for key, _ in selector.select(0.01 if over else 0.2):  # who has said all is about to end
                heard = time.monotonic()
                if key.fileobj is listener:
                    channel = Channel(listener.accept()[0])
                    workers[channel] = Worker()
                    selector.register(channel, selectors.EVENT_READ)
                elif isinstance(key.fileobj, Channel) and not answer(auditor, key.fileobj, workers[key.fileobj]):
                    selector.unregister(key.fileobj)
                    auditor.lose(workers[key.fileobj])
            progress(auditor)
            if time.monotonic() - heard > QUIET:
                watch_hangs(auditor, list(workers.values()))


def answer(auditor: Auditor, channel: Channel, worker: Worker) -> bool:
    """Hear what has come and answer it; False when the other side has gone.

    All of it: what was read together with the first message makes no socket readable any more.
    """
    try:
        while (message := channel.receive(0)) is not None:
            answered = auditor.hear(worker, message)
            if "began" not in message:  # the probe says that, and goes on
                channel.send(answered)
    except ChannelClosed:
        channel.close()
        return False
    return True


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child and what it started, if it still runs."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, 2)
            child.wait(3)
        except (OSError, subprocess.TimeoutExpired):
            pass
    try:
        os.killpg(child.pid, 9)
    except OSError:
        pass
    child.wait()
