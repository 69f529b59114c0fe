"""Starts the project's own interpreter with the examiner's probe, where a stack has its warm process."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
from pathlib import Path

from matrix.audit.mistakes import AuditFailed
from matrix.audit.placing import place_everything
from matrix.audit.serving import PACKAGE, start_process
from matrix.facts import JsonObject
from matrix.probe.channel import Channel
from matrix.servers.directory import RunDirectory
from matrix.supervisor.child import Child

PATIENCE = 60.0  # seconds until a new process has said a word
TOLD = 3000


class ProjectStarter:
    """Starts a process of the project for every request; a context manager.

    request: what every process is told beside its task; own: the project's variables, without ours.
    """

    def __init__(self, python: Path, project: Path, variables: dict[str, str], request: JsonObject) -> None:
        self._run_directory = RunDirectory()
        self.directory = self._run_directory.path
        self.python, self.project, self.request = python, project, request
        self.own = variables
        place_everything(self.directory)
        path = os.pathsep.join(filter(None, [str(self.directory), variables.get("PYTHONPATH", "")]))
        self.variables = {**variables, "PYTHONPATH": path, **keep_uncompiled(python, self.directory)}
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> ProjectStarter:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fork(self, request: JsonObject) -> Child:
        """Start a process that does what the request asks. Raises AuditFailed when it says nothing."""
        name = os.urandom(4).hex()
        output, place = self.directory / f"project-{name}.log", self.directory / name
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(place))
            listener.listen()
            process = self._start(place, output)
            self._processes[process.pid] = process
            connection = await_call(listener, process)
        if connection is None:
            said = output.read_text("utf-8", "replace").strip()[-TOLD:]
            raise AuditFailed(f"the project's interpreter did not start the examination (exit code {process.poll()}):\n{said}")
        channel = Channel(connection)
        channel.send({**self.request, **request, "output": str(output), "notes": str(output.with_suffix(".notes"))})
        return Child(channel, output, output.with_suffix(".notes"), self.wait_status)

    def _start(self, place: Path, output: Path) -> subprocess.Popen[bytes]:
        with output.open("wb") as file:
            return start_process([self.python, "-m", f"{PACKAGE}.examining"], self.project, {**self.variables, "MATRIX_EXAMINE_SOCKET": str(place)}, file)

    def wait_status(self, pid: int, timeout: float) -> int | None:
        """Return the wait status of an ended process, or None when it still lives after `timeout` seconds."""
        try:
            code = self._processes[pid].wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        return -code if code < 0 else code << 8

    def stop(self) -> None:
        """End every process that was started, and remove what they were given; idempotent."""
        for process in self._processes.values():
            try:
                os.killpg(process.pid, 9)
            except OSError:
                pass
            process.wait()
        self._processes.clear()
        self._run_directory.remove()


def keep_uncompiled(python: Path, directory: Path) -> dict[str, str]:
    """Return the variables with which Python and pytest compile nothing into the project.

    What the environment has compiled is used; where it has not, every process would compile all of it without a place for that.
    """
    packages = python.parent.parent.glob("lib/python*/site-packages/sqlalchemy/__pycache__")
    return {"PYTHONDONTWRITEBYTECODE": "1"} if any(packages) else {"PYTHONPYCACHEPREFIX": str(directory / "compiled")}


def await_call(listener: socket.socket, process: subprocess.Popen[bytes]) -> socket.socket | None:
    """Return the connection of a process that was started, None when it ended or was silent for too long."""
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        for _ in range(int(PATIENCE / 0.2)):
            if selector.select(0.2):
                return listener.accept()[0]
            if process.poll() is not None:
                return None
    return None
