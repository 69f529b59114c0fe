"""Ways to lose a connection, tried on a stack's driver: does SQLAlchemy take each of them for a loss?

Some drivers notice the server's farewell and not a reset, say, and which of the two a client gets when its
connection is ended is chance. So a driver notices lost connections if it notices them whatever way they go.
"""

import os
import select
import socket
import struct
import threading
from contextlib import suppress

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

WHO = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}
MOST_DESCRIPTORS = 256
PATIENCE = 5  # seconds
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset instead of waiting for what is on its way


def notice_loss(engine):
    """Say whether SQLAlchemy takes a connection for lost whatever way it goes, so that the pool connects anew.

    engine: an Engine of the stack's own database. Raises whatever the driver raises, wrapped or not.
    """
    ways = [
        lambda: is_noticed(engine, lambda connection: end_by_server(engine, connection)),
        lambda: is_noticed(engine, lambda connection: cut_sockets(engine.url.port)),
        lambda: is_reset_noticed(engine, at_once=True),
        lambda: is_reset_noticed(engine, at_once=False),
    ]
    return all(way() for way in ways)


def is_noticed(engine, lose):
    """Say whether SQLAlchemy notices that the function ``lose(connection)`` has lost the connection."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        lose(connection)
        try:
            connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            return bool(error.connection_invalidated)
    return False


def end_by_server(engine, connection):
    """Have the server end the connection, as the cases do."""
    from cases.sample import end_backend

    backend = connection.execute(text(WHO[engine.dialect.name])).scalar()
    with engine.connect() as other:
        end_backend(other, engine.dialect.name, backend)


def cut_sockets(port):
    """Shut down every connection of this process to the server's port, below the driver."""
    for number in range(3, MOST_DESCRIPTORS):
        try:
            with socket.socket(fileno=os.dup(number)) as twin:
                if twin.getpeername()[1] == port:
                    twin.shutdown(socket.SHUT_RDWR)
        except (OSError, IndexError):  # no descriptor, no socket, or not one of the internet
            continue


def is_reset_noticed(engine, at_once):
    """Say whether SQLAlchemy notices a reset: before the next statement is sent, or (not at_once) while it waits for the answer."""
    with Relay(engine.url.host, engine.url.port) as relay:
        relayed = create_engine(engine.url, connect_args={"host": relay.host, "port": relay.port})
        try:
            return is_noticed(relayed, lambda connection: relay.reset(at_once))
        finally:
            relayed.dispose()


class Relay:
    """Carries one connection's bytes to the server and back, in a thread, until it is told to reset the client's end."""

    def __init__(self, host, port):
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.host, self.port = self._listener.getsockname()
        self._hearing, self._telling = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.reset(True)
        for end in (self._listener, self._telling, self._hearing):
            end.close()

    def reset(self, at_once):
        """Reset the connection: now, or as soon as the client has said something more."""
        if self._thread.is_alive():
            self._telling.sendall(b"now" if at_once else b"then")
        if at_once:
            self._thread.join(PATIENCE)

    def _carry(self):
        with suppress(OSError), self._listener.accept()[0] as client, socket.create_connection(self._server, PATIENCE) as server:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            told = self._carry_until_told(client, server)
            if told == b"then":
                select.select([client], [], [], PATIENCE)

    def _carry_until_told(self, client, server):
        peers = {client: server, server: client}
        while True:
            for end in select.select([self._hearing, client, server], [], [])[0]:
                data = end.recv(65536)
                if end is self._hearing or not data:
                    return data
                peers[end].sendall(data)
