"""The first way: a server that the user gives by URL."""

from __future__ import annotations

import os
import sys
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql

from matrix.cache import name_content
from matrix.plan.rows import Database
from matrix.servers import mysql, postgresql, process
from matrix.servers.directory import RunDirectory
from matrix.servers.server import Server, WayUnavailable, check_answer

SCHEMES = {"postgresql": ("postgresql", "postgres"), "mysql": ("mysql", "mariadb")}
PORTS = {"postgresql": 5432, "mysql": 3306}


def start(database: Database) -> Server:
    """Return the server of the row's environment variable; raise WayUnavailable when there is none.

    A URL that is there but does not fit is final: another server would hide the mistake.
    """
    server = reach(database)
    keep_in_order(server)
    return server


def reach(database: Database) -> Server:
    """Return the given server as it answers, with nothing of ours on it yet; raise WayUnavailable as `start` does."""
    text = os.environ.get(database.environment)
    if not text:
        raise WayUnavailable(f"{database.environment} is not set")
    try:
        return connect(database, text)
    except WayUnavailable as reason:
        raise WayUnavailable(f"{database.environment}: {reason}", final=True) from None


def keep_in_order(server: Server) -> None:
    """Have a keeper drop what we make on the server, should we be killed; the password stays in the environment variable."""
    directory = RunDirectory()
    server.made = directory.path / "made"
    server.stopper = process.launch(directory, [], at_end=[[sys.executable, "-m", "matrix.witness.dropping", server.database.id, str(server.made)]]).stop


def identify(database: Database) -> str:
    """Return where the given server is, its version and its settings' hash; raise WayUnavailable as `start` does."""
    server = reach(database)
    read = postgresql.read_settings if database.kind == "postgresql" else mysql.read_settings
    settings = read(server.host, server.port, server.user, server.password)
    return f"{server.host}:{server.port} {server.user} {server.version} {name_content(*settings)}"


def connect(database: Database, text: str) -> Server:
    """Return the server behind the URL, checked for product and major version."""
    host, port, user, password, name = read_url(database, text)
    try:
        if database.kind == "postgresql":
            answer = postgresql.ask(host, port, user, password, name or "postgres")
        else:
            answer = mysql.ask(host, port, user, password)
    except (psycopg.Error, pymysql.err.MySQLError) as error:
        raise WayUnavailable(f"no connection to {host}:{port} as {user!r}: {str(error).replace(password or chr(0), '***')}") from None
    check_answer(database, answer)
    return Server(database, "url", answer.version, host, port, user, password, given=True, banner=answer.banner)


def read_url(database: Database, text: str) -> tuple[str, int, str, str, str]:
    """Return host, port, user, password and database name; the error never repeats the URL."""
    expected = f"expected {database.kind}://user:password@host:port/"
    try:
        url = urlsplit(text)
        port = url.port or PORTS[database.kind]
    except ValueError:
        raise WayUnavailable(f"is not a URL; {expected}") from None
    scheme = url.scheme.partition("+")[0]
    if scheme not in SCHEMES[database.kind]:
        raise WayUnavailable(f"scheme is {scheme!r}; {expected}")
    if not url.hostname or not url.username:
        raise WayUnavailable(f"names no {'user' if url.hostname else 'host'}; {expected}")
    return url.hostname, port, unquote(url.username), unquote(url.password or ""), url.path.strip("/")
