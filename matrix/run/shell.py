"""A shell inside a stack: its environment on PATH, its server up, the sample schema built."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from matrix.ending import guard
from matrix.plan.contents import ROOT
from matrix.plan.rows import Stack
from matrix.run.stage import Stage, open_stage

PATIENCE = 1.0  # seconds for the shell to put the terminal in order
GREETING = """
You are in stack {stack.id}: {stack.summary}.
The server is {version}. The database of MATRIX_DATABASE_URL has the sample schema; both are gone when you leave.

  pytest fixtures/plain/create_savepoint.py                      a recipe with all cases
  pytest fixtures/plain/create_savepoint.py --case commit_twice  with one
  exit                                                           leave
"""


def open_shell(stack: Stack, ways: Sequence[str]) -> int:
    """Start the stack's server and the reader's $SHELL; return the shell's exit code.

    However the shell ends, the server is stopped. Raises what `open_stage` raises.
    """
    with open_stage(stack, ways) as stage, _leave_interrupts_to_shell():
        print(GREETING.format(stack=stack, version=stage.server.version), flush=True)
        variables = _make_variables(stage)
        with subprocess.Popen([variables.get("SHELL", "/bin/sh")], cwd=ROOT, env=guard.mark(variables)) as shell:
            try:
                return shell.wait()
            except BaseException:
                _end(shell)
                raise


def _end(shell: subprocess.Popen[bytes]) -> None:
    """Hang up: at a terminal a shell ignores being terminated, and passes this on to what runs in it."""
    shell.send_signal(signal.SIGHUP)
    try:
        shell.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        shell.kill()


def _make_variables(stage: Stage) -> dict[str, str]:
    """Whoever types into a shell keeps his own home, terminal and programs; what runs in the stack finds its environment first."""
    folder = stage.python.parent
    path = os.pathsep.join([str(folder), *os.get_exec_path()])
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS")}
    return (
        stage.environment
        | kept
        | {name: stage.environment[name] for name in ("PYTHONPATH", "PYTHONHASHSEED")}
        | {"PATH": path, "VIRTUAL_ENV": str(folder.parent)}
    )


@contextmanager
def _leave_interrupts_to_shell() -> Iterator[None]:
    """Ctrl-C in the shell reaches this process too; it must not take the server from under the reader."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
