"""The front door: every command is a nox session; `nox -l` lists them, README explains them.

Nothing here does the work: a session makes sure of the instrument's own environment, which all
sessions of a kind share, and calls `python -m matrix` or `python -m reports` in it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PATIENCE = 12  # seconds; matrix/ending/stop.py has less
PARALLEL = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")  # a worker has servers of its own, so a file stays with one
OUTCOME = ROOT / "reports" / "data" / "run.json"
sys.path.insert(0, str(ROOT))

from matrix.plan.jobs import make_jobs  # noqa: E402
from matrix.plan.rows import RowError, Stack, load_stacks  # noqa: E402

nox.options.sessions = ["help"]
nox.options.default_venv_backend = "none"
nox.needs_version = ">=2025.2.9"


def run(session: nox.Session, *arguments: str, program: str = "python", lock: str = "examiner", codes: tuple[int, ...] = (0,), **more: str | None) -> None:
    """Run a program in the environment of a lock, which is built the first time; `more` are variables for it."""
    from matrix.disk import DiskFull
    from matrix.ending import guard
    from matrix.ending.command import NOX
    from matrix.environments.building import LOCKS, EnvironmentFailed, build_environment
    from matrix.environments.interpreters import UvMissing, find_uv

    try:
        python = build_environment(LOCKS / f"{lock}.txt", Path(sys.executable)).python
        variables = {"UV": str(find_uv()), NOX: str(os.getpid()), "PYTHONDONTWRITEBYTECODE": None, "PYTHONPATH": None, "VIRTUAL_ENV": None}
    except (DiskFull, EnvironmentFailed, UvMissing) as error:
        session.error(str(error))
    guard.dismiss()  # it was called while uv built; the program has one of its own
    # whoever is interrupted ends in order what it has started, and that takes longer than nox would wait
    program = str(python.with_name(program))
    session.run(program, *arguments, env=variables | more, external=True, success_codes=codes, interrupt_timeout=PATIENCE, terminate_timeout=PATIENCE)


def run_matrix(session: nox.Session, *arguments: str) -> None:
    """Run cells, then conclude what the run left on disk; listing, a shell and the reproduction of one cell leave nothing."""
    before = read_time(OUTCOME)
    run(session, "-m", "matrix", *arguments)
    if read_time(OUTCOME) != before:
        run(session, "-m", "reports", "conclude")


def read_time(path: Path) -> int | None:
    """Return when a file was written (nanoseconds since the epoch), None when it is not there."""
    return path.stat().st_mtime_ns if path.exists() else None


@nox.session
def help(session: nox.Session) -> None:
    """Say what there is to run (this is what bare `nox` does)."""
    for command in COMMANDS:
        first = (command.__doc__ or "").splitlines()[0]
        print(f"  nox -s {command.func.__name__:<13} {first}")
    print("\n  nox -l           list these and one session per stack")
    print('  nox -s "stack(<id>)" -- --recipe plain/create_savepoint --case commit_twice    reproduce one cell')
    print('  nox -s "stack(<id>)" -- --shell                                                a shell in that stack')
    print("  nox -s matrix -- --help                                                        selecting, --list and more")


@nox.session(default=False)
def matrix(session: nox.Session) -> None:
    """Run the matrix on real servers and make the report; -- --stack, --recipe, --case select by glob."""
    run_matrix(session, "run", *session.posargs)


@nox.session(default=False)
def report(session: nox.Session) -> None:
    """Make the report again from the results on disk, without a database."""
    run(session, "-m", "reports", "build", *session.posargs)


@nox.session(default=False)
def accept(session: nox.Session) -> None:
    """Show what differs from the baseline and, with a cause for every changed cell, accept it."""
    run(session, "-m", "reports", "accept", *session.posargs)


@nox.session(default=False)
def headline(session: nox.Session) -> None:
    """Write the README's headline table from the baseline."""
    run(session, "-m", "reports", "headline")


@nox.session(default=False)
def picture(session: nox.Session) -> None:
    """Take the README's picture of the report's finder again, with Chromium."""
    run(session, "-m", "tests.browser.picture", lock="tests")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Resolve and write the hashed locks again; -- GLOB only some, -- --check only look."""
    run(session, "-m", "matrix", "lock", *session.posargs)


@nox.session(default=False)
def environments(session: nox.Session) -> None:
    """Build the stacks' environments into the cache, without running anything."""
    run(session, "-m", "matrix", "environments", *session.posargs)


@nox.session(default=False)
def paste(session: nox.Session) -> None:
    """Prove that recipes mean the same as a project's conftest.py, and that complete files run; -- --complete only that; --stack, --recipe, --case select by glob."""
    run(session, "-m", "matrix", "paste", *session.posargs)
    if not session.posargs:
        run(session, "-m", "matrix", "paste", "--complete")


@nox.session(default=False)
def bite(session: nox.Session) -> None:
    """Prove that each case catches a fixture with a bug, and write which; -- --mutant, --case select by glob."""
    run(session, "-m", "matrix", "bite", *session.posargs)


@nox.session(default=False)
def explore(session: nox.Session) -> None:
    """Run all short programs under recipes and say why some differ from production; -- --stack, --recipe, --depth, --program; --accept keeps what was found."""
    accepts = "--accept" in session.posargs
    arguments = [argument for argument in session.posargs if argument != "--accept"]
    if arguments or not accepts:
        run(session, "-m", "matrix", "explore", *arguments)
    if accepts:
        run(session, "-m", "reports", "accept-explored")


@nox.session(default=False)
def tests(session: nox.Session) -> None:
    """Test the instrument itself, with a slice of the matrix on real servers; what is given after -- goes to pytest, which then runs in one process."""
    run(session, "-m", "pytest", *(session.posargs or PARALLEL), lock="tests")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Watch the tests of a project of yours and say which leave something behind; -- PATH [options] [-- pytest's]."""
    told = Path(session.create_tmp()) / "audit.json"
    told.unlink(missing_ok=True)
    active = os.environ.get("VIRTUAL_ENV")
    run(session, "-m", "matrix", "audit", *session.posargs, codes=(0, 1, 2, 3), MATRIX_AUDIT_TOLD=str(told), MATRIX_USER_ENV=active)
    outcome = json.loads(told.read_text()) if told.exists() else {"code": 2}
    if "directory" in outcome:
        run(session, "-m", "reports", "audit", str(outcome["directory"]))
    if outcome["code"]:
        raise SystemExit(int(outcome["code"]))  # nox knows only failed


@nox.session(default=False)
def jobs(session: nox.Session) -> None:
    """Print the job matrix of a hosted CI as JSON, one job per stack."""
    print(json.dumps(make_jobs(load_stacks().values())))


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Make the site from the results of all jobs, if every promised row has one; -- --earlier DIR --keep DIR."""
    run(session, "-m", "reports", "publish", *session.posargs)


@nox.session(default=False)
def drift(session: nox.Session) -> None:
    """Print the drift of the last report as a Markdown table."""
    run(session, "-m", "reports", "drift")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure what cells and runs cost, against the same work by hand; -- --part cells, runs or hand measures one part."""
    run(session, "-m", "matrix", "bench", *session.posargs)


@nox.session(default=False)
def sizes(session: nox.Session) -> None:
    """Measure again what a test costs with more tables, seed rows and connections, for the report; -- --stack, --recipe select by glob."""
    run(session, "-m", "matrix", "sizes", *session.posargs)


@nox.session(default=False)
def lint(session: nox.Session) -> None:
    """Check style, formatting and types, and the workflows for what is unsafe."""
    run(session, "-m", "ruff", "check", *session.posargs, ".", lock="lint")
    run(session, "-m", "ruff", "format", "--check", ".", lock="lint")
    run(session, "-m", "mypy", lock="tests")  # in the environment that has what the code imports
    run(session, program="actionlint", lock="lint")
    run(session, "--offline", "--quiet", "--persona=pedantic", ".github", program="zizmor", lock="lint")


COMMANDS = (matrix, audit, report, accept, headline, picture, paste, bite, explore, tests, lint, bench, sizes, lock, environments, jobs, publish, drift)


def add_stack(stack: Stack) -> None:
    """One session per row, so that `nox -l` describes each and CI runs each alone."""

    def run_stack(session: nox.Session) -> None:
        run_matrix(session, "stack", stack.id, *session.posargs)

    run_stack.__doc__ = f"{stack.summary}."
    nox.session(name=f"stack({stack.id})", default=False)(run_stack)


try:
    for row in load_stacks().values():
        add_stack(row)
except RowError as error:
    sys.exit(f"error: {error}")
