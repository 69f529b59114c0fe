"""What was typed and what the environment holds, made into what the project and the examiner are told."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from psycopg import sql

from matrix.audit.mistakes import AuditFailed, WrongUse
from matrix.facts import JsonObject
from matrix.servers import Server
from matrix.witness import Account, Witness
from matrix.witness.mysql.connecting import connect as connect_mysql
from matrix.witness.postgresql.account import connect as connect_postgresql

DRIVERS = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
ADMIN = "MATRIX_AUDIT_ADMIN_URL"


def clean_environment() -> dict[str, str]:
    """Return the user's environment without what nox and we have put into it."""
    ours = ("MATRIX_STARTED_BY", "MATRIX_NOX", "MATRIX_AUDIT_TOLD", "MATRIX_USER_ENV", "NOX_CURRENT_SESSION", "UV", ADMIN)
    return {name: value for name, value in os.environ.items() if name not in ours}


def read_expected(texts: list[str]) -> dict[str, str]:
    """Return reasons by table of `TABLE: reason`. Raises WrongUse."""
    expected = {}
    for text in texts:
        table, colon, reason = text.partition(":")
        if not colon or not reason.strip():
            raise WrongUse(f"--expect {text!r}: expected 'TABLE: reason'")
        expected[table.strip()] = reason.strip()
    return expected


def lend_rights(own: Witness | None, server: Server | None) -> JsonObject:
    """Return who the examiner is where it may be more than the tests are: on our server, or by the URL that was given."""
    if own is not None and server is not None:
        return {"kind": server.database.kind, "admin": (server.user, server.password), "server": server}
    if text := os.environ.get(ADMIN):
        url = urlsplit(text)
        kind = "postgresql" if url.scheme.startswith("postgres") else "mysql"
        if not url.username:
            raise WrongUse(f"{ADMIN} names no user; expected postgresql://user:password@host:port/")
        return {"kind": kind, "admin": (unquote(url.username), unquote(url.password or ""))}
    return {}


def entrust(account: Account, server: Server) -> None:
    """Let the tests' account do all that it may do in the images people test with: create extensions, roles and databases of any name.

    Nothing is changed on a server that somebody lends.
    """
    if server.given:
        return
    if server.database.kind == "postgresql":
        with connect_postgresql(server, "postgres") as admin:
            admin.execute(sql.SQL("alter role {} superuser").format(sql.Identifier(account.user)))
    else:
        with closing(connect_mysql(server)) as connection, connection.cursor() as cursor:
            cursor.execute("grant all on *.* to %s@'%%' with grant option", [account.user])


def fill_settings(texts: list[str], account: Account | None, server: Server | None) -> dict[str, str]:
    """Return the variables of --set NAME=value with its placeholders filled. Raises WrongUse."""
    values: dict[str, str] = {}
    if account and server:
        rest = f"{account.user}:{quote(account.password, safe='')}@{account.host}:{account.port}/{account.database}"
        kind = server.database.kind
        values = {"url": f"{kind}://{rest}", "driver_url": f"{DRIVERS[kind]}://{rest}", "host": account.host, "port": str(account.port),
                  "user": account.user, "password": account.password, "database": account.database}  # fmt: skip
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise WrongUse(f"--set {text!r}: expected NAME=value, as in DATABASE_URL={{url}}")
        try:
            found[name] = value.format_map(values)
        except (KeyError, ValueError, IndexError) as error:
            raise WrongUse(
                f"--set {text!r}: there is no {error}; there are {{url}}, {{driver_url}}, {{host}}, {{port}}, {{user}}, {{password}}, {{database}}"
            ) from None
    return found


def run_before(commands: list[str], project: Path, python: Path, variables: dict[str, str]) -> None:
    """Run the commands that prepare the database, in the project's folder, as if its environment were active. Raises AuditFailed."""
    variables = variables | {"PATH": os.pathsep.join(filter(None, [str(python.parent), variables.get("PATH", os.defpath)]))}
    for command in commands:
        try:
            done = subprocess.run(find_program(command, variables), cwd=project, env=variables, capture_output=True, text=True, check=False)
        except OSError as error:
            raise WrongUse(f"--before {command!r}: {error}") from None
        if done.returncode:
            raise AuditFailed(f"--before {command!r} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")


def find_program(command: str, variables: dict[str, str]) -> list[str]:
    """Return the words of a command, its program looked for in the PATH that it will have."""
    words = shlex.split(command)
    return [shutil.which(words[0], path=variables["PATH"]) or words[0], *words[1:]] if words else ["--before with nothing in it"]
