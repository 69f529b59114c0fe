"""The warm process of a stack, seen from the supervisor."""

import json
import subprocess
import threading
from pathlib import Path
from typing import Protocol

from matrix.ending import guard
from matrix.facts import JsonObject
from matrix.servers.directory import RunDirectory
from matrix.supervisor.child import Child, connect_child

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


class WarmProcessFailed(Exception):
    """The stack's own Python could not be started or died; the text carries its last lines."""


class Starter(Protocol):
    """Whatever starts a process under test for a request: a warm process, or a project's own interpreter."""

    directory: Path

    def fork(self, request: JsonObject) -> Child:
        """Start a process that does what the request asks."""


class WarmProcess:
    """Starts the stack's Python once and forks a child of it for every recipe; a context manager."""

    def __init__(self, python: Path, environment: dict[str, str]) -> None:
        # short, for a Unix socket's path may have 107 bytes only; found and removed later if we are killed
        self._run_directory = RunDirectory()
        self.directory = self._run_directory.path
        self._socket_path = str(self.directory / "warm")
        self._ended: dict[int, int] = {}
        self._news = threading.Condition()
        self._ready = False
        self._gone = False
        self._log = (self.directory / "warm.log").open("wb+")
        self._process = subprocess.Popen(
            [str(python), "-m", "matrix.probe.warm", self._socket_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=guard.mark(environment),
            process_group=0,  # what is typed at the terminal is for us, who end it in order
        )
        self._reader = threading.Thread(target=self._read_reports, daemon=True)
        self._reader.start()

    def __enter__(self) -> "WarmProcess":
        with self._news:
            started = self._news.wait_for(lambda: self._ready or self._gone, START_SECONDS)
        if not started or self._gone:
            message = f"the stack's Python did not start:\n{self._read_log()}"
            self.stop()
            raise WarmProcessFailed(message)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_reports(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            report = json.loads(line)
            with self._news:
                if "ready" in report:
                    self._ready = True
                else:
                    self._ended[report["ended"]] = report["status"]
                self._news.notify_all()
        with self._news:
            self._gone = True
            self._news.notify_all()

    def _read_log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-2000:]

    def fork(self, request: JsonObject) -> Child:
        """Fork a child for one request; raises WarmProcessFailed when the warm process has died."""
        try:
            return connect_child(self._socket_path, self.directory, request, self.wait_status)
        except OSError as error:
            raise WarmProcessFailed(f"the stack's warm process is gone ({error}):\n{self._read_log()}") from error

    def wait_status(self, pid: int, timeout: float) -> int | None:
        """Return the wait status of an ended child, or None when it still lives after `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: pid in self._ended or self._gone, timeout)
            return self._ended.get(pid)

    def stop(self) -> None:
        """End the warm process and with it every child; idempotent."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(1)
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()
        self._run_directory.remove()
