"""Messages between the supervisor and a process under test: one JSON object a line over a Unix socket."""

import json
import select
import socket
import time
from typing import Any, Dict, Optional


class ChannelClosed(Exception):
    """The other side has gone: end of file or a broken pipe."""


class Channel(object):
    """One end of the conversation; both the supervisor and the probe use it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def fileno(self) -> int:
        """Return the socket's file descriptor (int), so that it can be selected on."""
        return self._connection.fileno()

    def send(self, message: Dict[str, Any]) -> None:
        """Send one message (dict of JSON values); raises ChannelClosed when nobody listens."""
        data = json.dumps(message, separators=(",", ":")).encode("utf-8") + b"\n"
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def receive(self, timeout: Optional[float] = None) -> Optional[Dict[str, Any]]:
        """Return the next message, or None when `timeout` (seconds) passed without a whole one.

        Raises ChannelClosed at end of file.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._buffer:
            wait = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not self._wait_readable(wait):
                return None
            self._read_more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line.decode("utf-8"))

    def peek(self, key: str, timeout: float) -> Optional[Dict[str, Any]]:
        """Return the next message when it carries `key` within `timeout` seconds, else None; others stay queued."""
        message = self.receive(timeout)
        if message is None or key in message:
            return message
        self._buffer = json.dumps(message).encode("utf-8") + b"\n" + self._buffer
        return None

    def _wait_readable(self, timeout: Optional[float]) -> bool:
        poll = select.poll()  # select() refuses descriptors over 1023
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    def _read_more(self) -> None:
        try:
            chunk = self._connection.recv(1 << 16)
        except OSError as error:
            raise ChannelClosed(str(error)) from error
        if not chunk:
            raise ChannelClosed("end of file")
        self._buffer += chunk

    def close(self) -> None:
        """Close this end."""
        self._connection.close()
