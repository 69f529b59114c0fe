"""`python -m matrix audit`: from what was typed to the exit code."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

from matrix.audit.auditor import Auditor
from matrix.audit.concluding import conclude
from matrix.audit.confirming import Again, confirm
from matrix.audit.learned import STACK
from matrix.audit.mistakes import AuditFailed, Interrupted, WrongUse
from matrix.audit.project import check_packages, find_project, find_python
from matrix.audit.second import check_asked, examine_asked, make_subject
from matrix.audit.secrets import Hider
from matrix.audit.serving import PACKAGE, Ran, run_suite
from matrix.audit.settings import clean_environment, entrust, fill_settings, lend_rights, read_expected, run_before
from matrix.audit.telling import Progress, tell_audit
from matrix.audit.writing import describe_audit, expect, write_audit
from matrix.plan.rows import load_databases
from matrix.servers import Server, ServerUnavailable, start_server
from matrix.witness import Account, Witness, WitnessError, open_witness


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
    examine: bool = False
    cases: tuple[str, ...] = ()
    programs: int | None = None


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
    check_asked(request.fixture, request.programs, has_server=bool(request.server or request.running))
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
    run_before(request.before, project, python, variables)
    auditor = Auditor(own=own, lend=lend)
    command: list[str | Path] = [python, "-m", "pytest", "-p", f"{PACKAGE}.attached", *request.arguments]
    ran = run_suite(auditor, command, project, variables, output / "pytest.log", Progress())
    conclude(auditor)
    hider = make_hider(request, auditor, own)
    hider.clean_log(output / "pytest.log")
    check_watched(auditor, ran, output / "pytest.log")
    if request.confirm and not ran.interrupted:
        confirm_findings(auditor, ran, lambda tests: run_again(request, auditor, command, project, variables, output, tests))
        hider.clean_log(output / "again.log")
    return report(request, auditor, ran, hider, versions, expected, output)


def confirm_findings(auditor: Auditor, ran: Ran, again: Again) -> None:
    """Run culprits once more; who is stopped in the middle keeps what was found."""
    try:
        confirm(auditor, again)
    except Interrupted:
        ran.interrupted = True


def examine(request: Request, project: Path, python: Path, server: Server | None, output: Path) -> int:
    """Examine the project's fixture on a database of its own; 1 when it does not keep what it has to."""

    def settle(account: Account, server: Server) -> dict[str, str]:
        if request.running is None:
            entrust(account, server)
        return clean_environment() | fill_settings(request.set, account, server)

    def prepare(variables: dict[str, str]) -> None:
        run_before(request.before, project, python, variables)

    subject = make_subject(project, python, server, output, settle, prepare, request.fixture, request.arguments, request.cases, request.programs)
    return examine_asked(subject, required=request.fixture is not None or not request.watch or request.programs is not None)


def report(request: Request, auditor: Auditor, ran: Ran, hider: Hider, versions: dict[str, str], expected: dict[str, str], output: Path) -> int:
    expect(auditor.findings, expected)
    document = describe_audit(auditor, ran, hider, Path(request.path).resolve().name, versions, expected)
    write_audit(document, output)
    tell_audit(document, str(output / "pytest.log"))
    if any(finding["counted"] for finding in document["findings"]):
        return 1
    return 3 if document["problems"] or document["disagreements"] else 0  # nothing found, where not everything was watched, proves nothing


def make_hider(request: Request, auditor: Auditor, own: Witness | None) -> Hider:
    passwords = [text for watch in auditor.watches.values() for text in (watch.address.password, watch.address.login[1])]
    passwords += [own.account.password] if own else []
    hider = Hider([p for p in passwords if p], request.hide, request.values)
    for watch in auditor.watches.values():
        hider.learn_columns(watch.address.name, watch.columns)
    return hider


def run_again(
    request: Request, auditor: Auditor, command: list[str | Path], project: Path, variables: dict[str, str], output: Path, tests: list[str]
) -> Auditor:
    """Run these tests once more with an auditor of their own; on a server of ours from an empty database again."""
    if auditor.own is not None:
        auditor.own.build_schema([])
        auditor.own.start_statements()
        run_before(request.before, project, Path(command[0]), variables)
    again = Auditor(own=auditor.own, lend=auditor.lend)
    if run_suite(again, command, project, variables, output / "again.log", lambda _: None, tests).interrupted:
        raise Interrupted
    conclude(again)
    return again


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
    own = open_witness(server, f"matrix_audit_{secrets.token_hex(4)}")
    if request.running is None:
        entrust(own.account, server)
    if not request.confirm:  # else the few tests that run again are logged, which costs the whole suite nothing
        own.start_statements()
    return own, server


def close_server(own: Witness | None, server: Server | None, request: Request) -> None:
    if own is not None:
        own.close()
    if server is not None and request.running is None:
        server.stop()


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
    if not auditor.watches and auditor.tried and not auditor.others:
        raise AuditFailed(f"the database refused each of {auditor.tried} connections that the tests asked for: see {log}")
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
        options.fixture, not options.no_watch, not options.no_examine, (), options.programs,
    )  # fmt: skip
