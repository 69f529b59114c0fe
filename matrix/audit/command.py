"""`python -m matrix audit`: from what was typed to the exit code."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from matrix.audit.auditor import Auditor
from matrix.audit.confirming import confirm
from matrix.audit.learned import STACK
from matrix.audit.mistakes import AuditFailed, WrongUse
from matrix.audit.project import check_packages, find_project, find_python
from matrix.audit.second import check_asked, examine_asked, make_subject
from matrix.audit.secrets import Hider
from matrix.audit.serving import PACKAGE, Ran, run_suite
from matrix.audit.telling import Progress, tell_audit
from matrix.audit.writing import describe_audit, expect, write_audit
from matrix.facts import JsonObject
from matrix.plan.rows import load_databases
from matrix.servers import Server, ServerUnavailable, start_server
from matrix.witness import Account, Witness, WitnessError, open_witness

DRIVERS = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
ADMIN = "MATRIX_AUDIT_ADMIN_URL"


@dataclass
class Request:
    """What was asked for."""

    path: str
    server: str | None = None
    set: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    python: str | None = None
    expect: list[str] = field(default_factory=list)
    hide: list[str] = field(default_factory=list)
    values: bool = True
    confirm: bool = True
    output: str = "audit"
    arguments: list[str] = field(default_factory=list)
    running: Server | None = None
    fixture: str | None = None
    watch: bool = True
    examine: bool = True
    cases: tuple[str, ...] = ()


def audit(request: Request) -> int:
    """Audit a project; 0: nothing found, 1: findings, 2: wrong use, 3: the audit could not do its work."""
    directory = None
    try:
        code = run_audit(request)
        directory = str(Path(request.output).resolve())
    except WrongUse as error:
        print(f"error: {error}", file=sys.stderr)
        code = 2
    except (AuditFailed, ServerUnavailable, WitnessError) as error:
        print(f"error: the audit could not do its work: {error}", file=sys.stderr)
        code = 3
    if told := os.environ.get("MATRIX_AUDIT_TOLD"):  # for nox, which learns of a program only whether it failed
        Path(told).write_text(json.dumps({"code": code} | ({"directory": directory} if directory else {})))
    return code


def run_audit(request: Request) -> int:
    """The steps of an audit, one after the other: the suite is watched, then its fixture is examined."""
    project, expected = find_project(request.path), read_expected(request.expect)
    check_asked(request.fixture, has_server=bool(request.server or request.running))
    python = find_python(project, request.python)
    versions = check_packages(python, project, clean_environment())
    output = Path(request.output).resolve()
    output.mkdir(parents=True, exist_ok=True)
    for name in ("audit.json", f"{STACK}.jsonl"):  # what an earlier audit left must not pass for this one's
        (output / name).unlink(missing_ok=True)
    own, server = open_server(request)
    try:
        code = watch_suite(request, project, python, own, server, versions, expected, output) if request.watch else 0
        return max(code, examine(request, project, python, server, output)) if request.examine else code
    finally:
        close_server(own, server, request)


def watch_suite(
    request: Request, project: Path, python: Path, own: Witness | None, server: Server | None, versions: dict[str, str], expected: dict[str, str], output: Path
) -> int:
    """Run the suite under the auditor's eyes and report; 1 when it leaves something."""
    lend = lend_rights(own, server)
    variables = clean_environment() | fill_settings(request.set, own.account if own else None, server)
    run_before(request.before, project, variables)
    auditor = Auditor(own=own, lend=lend)
    command: list[str | Path] = [python, "-m", "pytest", "-p", f"{PACKAGE}.attached", *request.arguments]
    ran = run_suite(auditor, command, project, variables, output / "pytest.log", Progress())
    auditor.conclude()
    check_watched(auditor, ran, output / "pytest.log")
    if request.confirm and not ran.interrupted:
        confirm(auditor, lambda more: run_again(request, auditor, [*command, *more], project, variables, output))
    return report(request, auditor, ran, make_hider(request, auditor, own), versions, expected, output)


def examine(request: Request, project: Path, python: Path, server: Server | None, output: Path) -> int:
    """Examine the project's fixture on a database of its own; 1 when it does not keep what it has to."""

    def settle(account: Account, server: Server) -> dict[str, str]:
        return clean_environment() | fill_settings(request.set, account, server)

    def prepare(variables: dict[str, str]) -> None:
        run_before(request.before, project, variables)

    subject = make_subject(project, python, server, output, settle, prepare, request.fixture, request.arguments, request.cases)
    return examine_asked(subject, required=request.fixture is not None or not request.watch)


def report(request: Request, auditor: Auditor, ran: Ran, hider: Hider, versions: dict[str, str], expected: dict[str, str], output: Path) -> int:
    expect(auditor.findings, expected)
    document = describe_audit(auditor, ran, hider, Path(request.path).resolve().name, versions, expected)
    write_audit(document, output)
    tell_audit(document, str(output / "pytest.log"))
    return 1 if any(finding["counted"] for finding in document["findings"]) else 0


def make_hider(request: Request, auditor: Auditor, own: Witness | None) -> Hider:
    passwords = [watch.address.password for watch in auditor.watches.values()] + ([own.account.password] if own else [])
    hider = Hider([p for p in passwords if p], request.hide, request.values)
    for watch in auditor.watches.values():
        hider.learn_columns(watch.address.name, watch.columns)
    return hider


def run_again(request: Request, auditor: Auditor, command: list[str | Path], project: Path, variables: dict[str, str], output: Path) -> Auditor:
    """Run a part of the suite once more with an auditor of its own; on a server of ours from an empty database again."""
    if auditor.own is not None:
        auditor.own.build_schema([])
        run_before(request.before, project, variables)
    again = Auditor(own=auditor.own, lend=auditor.lend)
    run_suite(again, command, project, variables, output / "again.log", lambda _: None)
    again.conclude()
    return again


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


def open_server(request: Request) -> tuple[Witness | None, Server | None]:
    """Start the throw-away server that was asked for, with a database and an account for the tests."""
    if request.running is None and request.server is None:
        if any("{" in text for text in request.set):
            raise WrongUse("--set with {url} or its like needs --server ID")
        return None, None
    server = request.running
    if server is None:
        rows = load_databases()
        if request.server not in rows:
            raise WrongUse(f"there is no server {request.server!r}, there are {', '.join(rows)}")
        server = start_server(rows[request.server])
    own = open_witness(server, f"matrix_audit_{os.getpid()}")
    own.start_statements()
    return own, server


def close_server(own: Witness | None, server: Server | None, request: Request) -> None:
    if own is not None:
        own.close()
    if server is not None and request.running is None:
        server.stop()


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


def run_before(commands: list[str], project: Path, variables: dict[str, str]) -> None:
    """Run the commands that prepare the database, in the project's folder. Raises AuditFailed."""
    for command in commands:
        try:
            done = subprocess.run(shlex.split(command), cwd=project, env=variables, capture_output=True, text=True, check=False)
        except OSError as error:
            raise WrongUse(f"--before {command!r}: {error}") from None
        if done.returncode:
            raise AuditFailed(f"--before {command!r} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")


def check_watched(auditor: Auditor, ran: Ran, log: Path) -> None:
    """Refuse a run that proves nothing. Raises AuditFailed."""
    if ran.interrupted:
        return
    tail = log.read_text("utf-8", "replace").strip()[-600:] if log.exists() else ""
    if not auditor.tests:
        reason = "pytest collected no test" if ran.code == 5 else "no test ran"
        raise AuditFailed(f"{reason} (pytest's exit code {ran.code}):\n{tail}")
    if all(test.outcome == "skipped" for test in auditor.tests):
        raise AuditFailed(f"no test ran: all {len(auditor.tests)} were skipped; see {log}")
    if not auditor.watches:
        other = f"; connections went to {', '.join(sorted(auditor.others))}, which the examiner does not know" if auditor.others else ""
        raise AuditFailed(f"no connection to PostgreSQL, MySQL or MariaDB was made through SQLAlchemy in {len(auditor.tests)} tests{other}")
    if all(watch.reference is None for watch in auditor.watches.values()):
        raise AuditFailed("; ".join(auditor.problems))


def make_request(options: argparse.Namespace) -> Request:
    """Return the request of parsed options."""
    return Request(
        options.path, options.server, options.set, options.before, options.python, options.expect, options.hide,
        not options.no_values, not options.no_confirm, options.output, options.arguments, None,
        options.fixture, not options.no_watch, not options.no_examine,
    )  # fmt: skip
