"""Where a database is, who the tests and the examiner are there, and what to say when it cannot be had."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
import pymysql

from matrix.facts import JsonObject
from matrix.plan.rows import load_databases
from matrix.servers import Server

PORTS = {"postgresql": 5432, "mysql": 3306}
#: What a look raises when its connection, or its database, has gone.
LOST = (psycopg.OperationalError, psycopg.InterfaceError, pymysql.OperationalError, pymysql.InterfaceError)
#: What a look raises when the account may not read what is there, or the server gives up on the question.
REFUSED = (psycopg.Error, pymysql.Error)
#: What servers answer when a database, or the whole server, has been taken away: whoever made it may do so.
_TAKEN = ("does not exist", "Unknown database", "onnection refused", "an't connect", "No route to host")


@dataclass(frozen=True)
class Address:
    """Where a database is and who the tests are there; `admin` is who the examiner is."""

    kind: str
    host: str
    port: int
    user: str
    database: str
    password: str = field(default="", repr=False, compare=False)
    admin: tuple[str, str] | None = field(default=None, repr=False, compare=False)
    server: Server | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{self.database} on {self.host}:{self.port}"

    @property
    def login(self) -> tuple[str, str]:
        return self.admin or (self.user, self.password)


def read_address(told: JsonObject) -> Address:
    """Return what the probe told of a connection."""
    kind, user = str(told["kind"]), str(told["user"] or "")
    host = "127.0.0.1" if told["host"] == "localhost" else str(told["host"])
    return Address(kind, host, told["port"] or PORTS[kind], user, str(told["database"] or user), str(told["password"] or ""))


def is_taken_away(reason: str) -> bool:
    """Whether a database cannot be looked at because it, or its server, is no longer there."""
    return any(words in reason for words in _TAKEN)


def hide_password(error: Exception, password: str) -> str:
    """Return an error's text without the password."""
    text = str(error.args[-1] if error.args else error).strip()
    return text.replace(password, "***") if password else text


def stand_in(product: str) -> Server:
    """Return what stands for a server that is the user's: nothing about it is ours."""
    row = next(row for row in load_databases().values() if row.product == product)
    return Server(row, "url", "", "", 0, "", "", given=True)
