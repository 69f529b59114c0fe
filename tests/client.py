"""The stack's side of a witness test: an ordinary client of the stack's own database."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pymysql
from pymysql.constants import CLIENT

from matrix.witness import Account, Witness

#: Product, fixture of its server, and the types that differ.
PRODUCTS = {"postgresql": "postgresql_server", "mysql": "mysql_server", "mariadb": "mariadb_server"}


def write_schema(product: str) -> list[str]:
    """Customers with orders, and a table that no application model knows."""
    number = "serial primary key" if product == "postgresql" else "int primary key auto_increment"
    return [
        f"create table customers (id {number}, name varchar(40) not null unique, credit int)",
        f"create table orders (id {number}, sku varchar(20), customer_id int not null, foreign key (customer_id) references customers (id))",
        "create table alembic_version (version_num varchar(32) primary key)",
        "insert into alembic_version values ('1a2b')",
    ]


class Client:
    """One connection as the stack, in autocommit; works the same on every product."""

    def __init__(self, account: Account, product: str) -> None:
        self._connection = _connect(account, product)
        self._product = product

    @property
    def backend(self) -> int:
        connection = self._connection
        return connection.info.backend_pid if self._product == "postgresql" else connection.thread_id()

    def say(self, *statements: str) -> list:
        with self._connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def say_at_once(self, *statements: str) -> None:
        """Several statements in one round trip; their answers are not read."""
        with self._connection.cursor() as cursor:
            cursor.execute("; ".join(statements))
            while cursor.nextset():
                pass

    def close(self) -> None:
        """Go at once, even while another thread waits for an answer on this connection."""
        if self._product != "postgresql" and self._connection.open:
            self._connection._sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def _connect(account: Account, product: str):
    names = {"host": account.host, "port": account.port, "user": account.user, "autocommit": True}
    if product == "postgresql":
        return psycopg.connect(**names, password=account.password, dbname=account.database)
    return pymysql.connect(
        **names, password=account.password, database=account.database, ssl_disabled=True,
        client_flag=CLIENT.MULTI_STATEMENTS,
    )  # fmt: skip


@contextmanager
def open_client(witness: Witness) -> Iterator[Client]:
    with closing(Client(witness.account, witness.product)) as client:
        yield client


def wait_until(condition, seconds: float = 2.0) -> bool:
    """Whether a condition became true in time."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.005)
    return True


class Waiter(threading.Thread):
    """Says one statement in a thread and remembers how it ended and when (s)."""

    def __init__(self, client: Client, statement: str) -> None:
        super().__init__(daemon=True)
        self._client, self._statement = client, statement
        self.error: Exception | None = None
        self.rows: list = []
        self.took = 0.0
        self.start()

    def run(self) -> None:
        began = time.perf_counter()
        try:
            self.rows = self._client.say(self._statement)
        except (psycopg.Error, pymysql.Error) as error:
            self.error = error
        self.took = time.perf_counter() - began
