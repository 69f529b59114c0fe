"""Start a PostgreSQL server from its program files."""

from __future__ import annotations

import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from matrix.cache import cache_dir, name_content, place
from matrix.disk import name_full_disk
from matrix.plan.rows import Database
from matrix.servers import process
from matrix.servers.account import choose_account, disguise, give_to
from matrix.servers.directory import TEMPORARY, RunDirectory
from matrix.servers.installation import Installation, run
from matrix.servers.process import LOOPBACK
from matrix.servers.server import Answer, Server, WayUnavailable, check_answer

USER = "matrix_administrator"

# Throw-away data: durability off. Autovacuum off, because its locks would look like somebody's.
# Its log is what the witness reads statements from; it turns them on for a database of its own.
SETTINGS = {
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": LOOPBACK,
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] %d ",
    "log_statement": "none",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "max_prepared_transactions": "20",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
}

INITIALISE = (f"--username={USER}", "--no-sync", "--no-locale", "--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256", "--wal-segsize=1")


# These tell where a server keeps its files and listens, not how it behaves.
PLACES = "port|.*_directory|.*_director(y|ies)|.*_file|cluster_name|listen_addresses|bonjour_name|log_.*|update_process_title"


def read_settings(host: str, port: int, user: str, password: str) -> list[tuple[str, str]]:
    """Return the (name, setting) of all that a new session of a running server has; raises psycopg.Error."""
    with psycopg.connect(host=host, port=port, user=user, password=password, dbname="postgres", connect_timeout=10) as connection:
        query = "select name, setting from pg_settings where name !~ %s and source <> 'client' order by name"
        return connection.execute(query, [f"^({PLACES})$"]).fetchall()


def start(database: Database, installation: Installation, way: str) -> Server:
    """Return a running server; raise WayUnavailable when it does not start."""
    directory = RunDirectory()
    try:
        with name_full_disk(TEMPORARY, directory.path.parent):
            return _start(database, installation, way, directory)
    except BaseException:
        directory.remove()
        raise


def _start(database: Database, installation: Installation, way: str, directory: RunDirectory) -> Server:
    account = choose_account()
    installation = disguise(make_reachable(installation, directory.path, account), account)
    data, sockets = directory.path / "data", directory.path / "socket"
    shutil.copytree(prepare_data(installation, directory, account), data, copy_function=shutil.copyfile)
    sockets.mkdir(mode=0o700)
    for path in (data, sockets):
        give_to(account, path)
    data.chmod(0o700)
    password = process.make_password()
    with process.reserve_port() as holder:
        port = holder.getsockname()[1]
        settings = SETTINGS | {"port": str(port), "unix_socket_directories": str(sockets)}
        command = installation.command("postgres", "-D", str(data), *(f"--{name}={value}" for name, value in settings.items()))
        launched = process.launch(directory, command, account, signal.SIGQUIT)
        try:
            answer = process.wait_for_answer(
                lambda: set_password(str(sockets), port, password), (psycopg.OperationalError,), launched.has_ended, launched.describe_failure
            )
            check_answer(database, answer)
        except BaseException:
            launched.stop()
            raise
    return Server(database, way, answer.version, LOOPBACK, port, USER, password, False, answer.banner, launched.read_log, launched.stop, directory.check_room)


def prepare_data(installation: Installation, directory: RunDirectory, account: dict[str, Any]) -> Path:
    """Return an initialised data directory to copy from, made once per version and kept in the cache.

    It holds no password: over TCP nobody can log in until one is set, and the socket's
    directory lets only the server's own user in.
    """

    def build(draft: Path) -> None:
        data = directory.path / "new"
        data.mkdir(mode=0o700)
        give_to(account, data)
        run(installation.command("initdb", "-D", str(data), *INITIALISE), directory.path, account)
        shutil.copytree(data, draft, dirs_exist_ok=True)
        shutil.rmtree(data)

    name = f"postgresql-{installation.version}-{name_content(INITIALISE)}"
    return place(cache_dir() / "data" / name, build)


def make_reachable(installation: Installation, directory: Path, account: dict[str, Any]) -> Installation:
    """Return program files that the account can read: a copy when they are in root's own directories."""
    if not account or all(path.stat().st_mode & 0o001 for path in (installation.programs, *installation.programs.parents)):
        return installation
    root = installation.programs.parent
    copy = directory / "programs"
    shutil.copytree(root, copy, symlinks=True)
    return replace(installation, programs=copy / installation.programs.name)


def set_password(host: str, port: int, password: str) -> Answer:
    """Give the administrator the password, over the private socket and already hashed."""
    with psycopg.connect(host=host, port=port, user=USER, dbname="postgres", connect_timeout=10, autocommit=True) as connection:
        hashed = connection.pgconn.encrypt_password(password.encode(), USER.encode(), b"scram-sha-256").decode()
        connection.execute(f"ALTER ROLE {USER} PASSWORD '{hashed}'")
        return read_answer(connection)


def ask(host: str, port: int, user: str, password: str, name: str = "postgres") -> Answer:
    """Return what the server says that it is; raise psycopg.Error when it does not let us in."""
    with psycopg.connect(host=host, port=port, user=user, password=password, dbname=name, connect_timeout=10, autocommit=True) as connection:
        return read_answer(connection)


def read_answer(connection: psycopg.Connection[Any]) -> Answer:
    row = connection.execute("SELECT current_setting('server_version'), version()").fetchone()
    assert row is not None
    return Answer("postgresql", row[0], row[1])


def read_version(command: list[str], directory: Path = Path("/")) -> tuple[str, str]:
    """Return (product, version) as the program says them; raise WayUnavailable when it does not run."""
    output = run([*command, "--version"], directory)
    found = re.search(r"\(PostgreSQL\) (\S+)", output)
    if not found:
        raise WayUnavailable(f"{command[-1]} --version does not answer as PostgreSQL does: {output.strip()[:200]!r}")
    return "postgresql", found[1]
