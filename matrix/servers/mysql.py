"""Start a MySQL or a MariaDB server from its program files."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pymysql

from matrix.cache import cache_dir, name_content, place
from matrix.disk import name_full_disk
from matrix.plan.rows import Database
from matrix.servers import process
from matrix.servers.directory import TEMPORARY, RunDirectory
from matrix.servers.installation import Installation, run
from matrix.servers.process import LOOPBACK
from matrix.servers.server import Answer, Server, WayUnavailable, check_answer

USER = "root"
PROGRAMS = {"mysql": "mysqld", "mariadb": "mariadbd"}

# Throw-away data: durability off. performance_schema stays on in MySQL: it is where locks can be seen.
OPTIONS = (
    f"--bind-address={LOOPBACK}",
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
    "--innodb-buffer-pool-size=64M",
    "--innodb-doublewrite=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--loose-innodb-flush-method=nosync",
    "--max-connections=300",
    "--skip-log-bin",
    "--skip-name-resolve",
)
ONLY = {
    "mysql": ("--performance-schema=ON", "--secure-file-priv=NULL", "--loose-mysqlx=OFF", "--loose-innodb-redo-log-capacity=64M"),
    "mariadb": ("--innodb-log-file-size=32M", "--loose-plugin-load-add=metadata_lock_info"),
}
SYSTEM_TABLES = (  # named mysql_* or mariadb_*, by version; joined as MariaDB's own install script joins them
    "m*_system_tables.sql",
    "m*_performance_tables.sql",
    "m*_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "m*_sys_schema.sql",
)
NO_STRANGERS = b"DELETE FROM mysql.global_priv WHERE User = '' OR Host <> 'localhost';\nDELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';\n"


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
    data, accounts = directory.path / "data", directory.path / "accounts.sql"
    shutil.copytree(prepare_data(installation, directory), data)
    data.chmod(0o700)
    password = process.make_password()
    write_accounts(accounts, password)
    with process.reserve_port() as holder:
        port = holder.getsockname()[1]
        places = (f"--port={port}", f"--socket={data / 'socket'}", f"--pid-file={data / 'pid'}", f"--init-file={accounts}")
        launched = process.launch(directory, make_command(installation, data, *places), stop_signal=signal.SIGKILL)
        try:
            answer = process.wait_for_answer(
                lambda: ask(LOOPBACK, port, USER, password), (pymysql.err.OperationalError,), launched.has_ended, launched.describe_failure
            )
            check_answer(database, answer)
        except BaseException:
            launched.stop()
            raise
        finally:
            accounts.unlink(missing_ok=True)
    return Server(database, way, answer.version, LOOPBACK, port, USER, password, False, answer.banner, launched.read_log, launched.stop, directory.check_room)


def make_command(installation: Installation, data: Path, *more: str) -> list[str]:
    """Return the server's command without what differs between initialising and running."""
    places = [f"--datadir={data}", f"--tmpdir={data.parent}"]
    if installation.product == "mariadb":  # it has no way to forbid files but to confine them
        places.append(f"--secure-file-priv={data.parent}")
    if installation.loader:  # a private root: the built-in paths lead to the machine's own files
        places += [
            f"--basedir={installation.programs.parent}",
            f"--lc-messages-dir={installation.share}",
            f"--character-sets-dir={installation.share}/charsets",
            f"--plugin-dir={installation.plugins}",
        ]
    user = ["--user=root"] if os.getuid() == 0 else []  # throw-away and on loopback: root may run it
    return installation.command(PROGRAMS[installation.product], "--no-defaults", *user, *places, *OPTIONS, *ONLY[installation.product], *more)


def write_accounts(path: Path, password: str) -> None:
    """Write the statements that the server runs before it listens; the file is deleted once it is up."""
    path.touch(mode=0o600)
    path.write_text(
        f"CREATE USER '{USER}'@'{LOOPBACK}' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'{LOOPBACK}' WITH GRANT OPTION;\n"
        f"ALTER USER '{USER}'@'localhost' IDENTIFIED BY '{password}';\n"
    )


def prepare_data(installation: Installation, directory: RunDirectory) -> Path:
    """Return an initialised data directory to copy from, made once per version and kept in the cache."""

    def build(draft: Path) -> None:
        data = directory.path / "new"
        data.mkdir(mode=0o700)
        if installation.product == "mysql":
            run(make_command(installation, data, "--initialize-insecure"), directory.path)
            (data / "auto.cnf").unlink(missing_ok=True)  # the server's identity: each copy makes its own
        else:
            run(make_command(installation, data, "--bootstrap", "--skip-networking"), directory.path, input=join_system_tables(installation))
        shutil.copytree(data, draft, dirs_exist_ok=True)
        shutil.rmtree(data)

    name = f"{installation.product}-{installation.version}-{name_content(OPTIONS, ONLY, SYSTEM_TABLES)}"
    return place(cache_dir() / "data" / name, build)


def join_system_tables(installation: Installation) -> bytes:
    """Return MariaDB's system tables as SQL, without anonymous users and those of this host's name."""
    parts = [b"CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"]
    for pattern in SYSTEM_TABLES:
        files = list(installation.share.glob(pattern)) if installation.share else []
        if len(files) != 1:
            raise WayUnavailable(f"MariaDB cannot be initialised: {pattern} is not with its programs ({installation.share})")
        parts.append(files[0].read_bytes())
    return b"\n".join([*parts, NO_STRANGERS])


def describe_root(root: Path, product: str) -> Installation:
    """Return how to run the server in a private root: through that root's own loader and libraries."""
    loaders = [path for path in root.glob("**/ld-linux*.so.*") if not path.is_symlink()]
    if not loaders:
        raise WayUnavailable(f"{root} holds no dynamic loader; remove it and try again")
    libraries = [str(path) for path in (loaders[0].parent, root / "usr/lib" / loaders[0].parent.name, root / "lib" / loaders[0].parent.name) if path.is_dir()]
    loader = (str(loaders[0]), "--library-path", ":".join(dict.fromkeys(libraries)))
    programs = root / "usr/sbin"
    found, version = read_version([*loader, str(programs / PROGRAMS[product])])
    plugins = root / "usr/lib/mysql/plugin"
    return Installation(found, version, programs, loader, find_share(root / "usr/share"), plugins)


def find_share(share: Path) -> Path | None:
    """Return where messages and SQL files are; packages differ."""
    return next((share / name for name in ("mariadb", "mysql") if (share / name / "charsets").is_dir()), None)


def ask(host: str, port: int, user: str, password: str) -> Answer:
    """Return what the server says that it is; raise pymysql.err.OperationalError when it does not let us in."""
    connection = pymysql.connect(host=host, port=port, user=user, password=password, connect_timeout=10, read_timeout=10, ssl_disabled=True)
    try:
        return read_answer(connection)
    finally:
        connection.close()


# These tell where a server keeps its files and listens, or move by themselves.
PLACES = re.compile(
    r"port|socket|server_uuid|hostname|pid_file|.*(dir|_file|_log|_index|_basename)|gtid_.*|general_log|log_.*|timestamp|admin_.*|report_.*|server_audit_.*"
)


def read_settings(host: str, port: int, user: str, password: str) -> list[tuple[str, str]]:
    """Return the (name, value) of all global variables of a running server; raises pymysql.err.OperationalError."""
    connection = pymysql.connect(host=host, port=port, user=user, password=password, connect_timeout=10, read_timeout=10, ssl_disabled=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL VARIABLES")
            return [(name, value) for name, value in cursor.fetchall() if not PLACES.fullmatch(name)]
    finally:
        connection.close()


def read_answer(connection: Any) -> Answer:
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION(), @@version_comment")
        version, comment = cursor.fetchone()
    product = "mariadb" if "mariadb" in (version + comment).lower() else "mysql"
    return Answer(product, version, f"{version} {comment}")


def read_version(command: list[str]) -> tuple[str, str]:
    """Return (product, version) as the program says them; raise WayUnavailable when it does not run."""
    output = run([*command, "--no-defaults", "--version"], Path("/"))
    found = re.search(r"Ver (\d\S*)", output)
    if not found:
        raise WayUnavailable(f"{command[-1]} --version does not answer as MySQL and MariaDB do: {output.strip()[:200]!r}")
    return "mariadb" if "mariadb" in output.lower() else "mysql", found[1]
