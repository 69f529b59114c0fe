"""A shell inside a stack: its environment on PATH, its server up, the sample schema built."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from matrix.contents import ROOT
from matrix.environments import EnvironmentFailed, prepare_environment
from matrix.rows import Stack
from matrix.servers import start_server
from matrix.supervisor.stack import name_database, stack_environment
from matrix.witness import open_witness

SCHEMA = "import json, os; from cases.sample import ddl; print(json.dumps(ddl(os.environ['MATRIX_DATABASE_URL'])))"
GREETING = """
You are in stack {stack.id}: {stack.summary}; the server is {version}.
MATRIX_DATABASE_URL has a database with the sample schema, which is gone when you leave.

  pytest fixtures/plain/create_savepoint.py        run a recipe with all cases
  pytest fixtures/plain/create_savepoint.py -k commit_twice
  exit                                             leave, stop the server
"""


def open_shell(stack: Stack, ways: Sequence[str]) -> int:
    """Start the stack's server and the reader's shell; return the shell's exit code.

    Raises EnvironmentMissing, EnvironmentFailed or ServerUnavailable. However the shell ends, the server is stopped.
    """
    environment = prepare_environment(stack)
    server = start_server(stack.database, ways)
    try:
        witness = open_witness(server, name_database(stack))
        try:
            variables = _make_variables(stack_environment(stack, witness.account), environment.python)
            witness.build_schema(_read_schema(environment.python, variables))
            print(GREETING.format(stack=stack, version=server.version), flush=True)
            return _run_shell(variables)
        finally:
            witness.close()
    finally:
        server.stop()


def _make_variables(variables: dict[str, str], python: Path) -> dict[str, str]:
    folders = [str(python.parent), *os.get_exec_path(variables)]
    return variables | {"PATH": os.pathsep.join(folders), "VIRTUAL_ENV": str(python.parent.parent)}


def _read_schema(python: Path, variables: dict[str, str]) -> list[str]:
    """Ask the stack's own SQLAlchemy for the schema."""
    result = subprocess.run([python, "-c", SCHEMA], cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if result.returncode:
        raise EnvironmentFailed(f"the stack cannot give the sample schema:\n{result.stderr}")
    return json.loads(result.stdout)


def _run_shell(variables: dict[str, str]) -> int:
    with _leave_interrupts_to_shell():
        return subprocess.run([variables.get("SHELL", "/bin/sh")], cwd=ROOT, env=variables, check=False).returncode


@contextmanager
def _leave_interrupts_to_shell():
    """Ctrl-C in the shell reaches this process too; it must not take the server from under the reader."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
