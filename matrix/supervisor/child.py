"""One child of the warm process: the process under test."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from matrix.facts import JsonObject
from matrix.probe.channel import Channel, ChannelClosed
from matrix.probe.notes import read_notes

HELLO_SECONDS = 30.0
OUTPUT_TAIL = 4000
ESTABLISHED = "01"  # in /proc/net/tcp: both ends are there


class Child:
    """A process under test: its channel, its output, and how to end it."""

    def __init__(self, channel: Channel, output: Path, notes: Path, wait_status: Callable[[int, float], int | None]) -> None:
        self.channel = channel
        self._output, self._notes = output, notes
        self._wait_status = wait_status
        self._ran: list[bytes] = []
        hello = channel.receive(HELLO_SECONDS)
        if hello is None:
            raise ChannelClosed("the child said nothing")
        self.pid: int = hello["hello"]

    def go_on(self) -> None:
        """Let the child run its next step."""
        self.channel.send({"say": "go"})

    def retire(self) -> None:
        """Let the child end its wider fixtures and leave."""
        self.channel.send({"say": "stop"})

    def collect_garbage(self) -> None:
        """Have the child run its collector; it answers with "collected"."""
        self.channel.send({"say": "collect"})

    def count_threads(self) -> int:
        """Return how many threads the process has (Linux); 0 when it has gone or nobody can tell."""
        return len(self._list_threads())

    def has_run(self) -> bool:
        """Whether one of its threads has run since the last call, or wants to (Linux); False when nobody can tell."""
        threads = [f"/proc/{self.pid}/task/{number}" for number in self._list_threads()]
        before, self._ran = self._ran, [read_file(f"{thread}/schedstat") for thread in threads]
        return self._ran != before or any(read_state(thread) == "R" for thread in threads)

    def _list_threads(self) -> list[str]:
        try:
            return os.listdir(f"/proc/{self.pid}/task")
        except OSError:
            return []

    def list_ports(self) -> set[int]:
        """Return the TCP ports of the process's own end of its connections (Linux); none when nobody can tell."""
        try:
            own = {os.readlink(entry.path) for entry in os.scandir(f"/proc/{self.pid}/fd")}
            lines = Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]
        except OSError:
            return set()
        connections = [fields for fields in map(str.split, lines) if fields[3] == ESTABLISHED and f"socket:[{fields[9]}]" in own]
        return {int(fields[1].rpartition(":")[2], 16) for fields in connections}

    def is_asleep(self) -> bool:
        """Say whether the main thread waits in the kernel (Linux), neither running nor wanting to."""
        return read_state(f"/proc/{self.pid}") == "S"

    def kill(self) -> None:
        """End the process and all that it started, now."""
        for end in (os.killpg, os.kill):
            try:
                end(self.pid, signal.SIGKILL)
            except OSError:
                continue

    def wait(self, timeout: float = 5.0) -> int | None:
        """Return the wait status after the end, or None when it still runs after `timeout` seconds."""
        return self._wait_status(self.pid, timeout)

    def read_output(self) -> str:
        """Return the last lines that the process printed."""
        try:
            return self._output.read_bytes()[-OUTPUT_TAIL:].decode(errors="replace")
        except OSError:
            return ""

    def read_notes(self) -> JsonObject | None:
        """Return the cell that was running when the process died: case, when it began, and when its phases did."""
        return read_notes(str(self._notes))

    def close(self) -> None:
        """Forget the process: it has ended."""
        self.channel.close()
        self._output.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)


def read_file(path: str) -> bytes:
    """Return the content of a small file of the kernel's, b"" when there is none: asked often, so without Python's layers."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(file, 256)
    except OSError:
        return b""
    finally:
        os.close(file)


def read_state(place: str) -> str:
    """Return the letter of a process's or thread's state, R when it runs or wants to; "" when nobody can tell."""
    return read_file(f"{place}/stat").rpartition(b") ")[2][:1].decode()


def connect_child(socket_path: str, directory: Path, request: JsonObject, wait_status: Callable[[int, float], int | None]) -> Child:
    """Have a process fork a child for the request; raises OSError when nobody serves the socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    output = directory / f"child-{os.urandom(4).hex()}.log"
    notes = output.with_suffix(".notes")
    connection.connect(socket_path)
    channel = Channel(connection)
    channel.send({**request, "output": str(output), "notes": str(notes)})
    return Child(channel, output, notes, wait_status)


def describe_status(status: int | None) -> JsonObject:
    """Return `{"signal": ..., "exit_code": ...}` of a wait status."""
    if status is None:
        return {"signal": None, "exit_code": None}
    if os.WIFSIGNALED(status):
        return {"signal": os.WTERMSIG(status), "exit_code": None}
    return {"signal": None, "exit_code": os.WEXITSTATUS(status)}
