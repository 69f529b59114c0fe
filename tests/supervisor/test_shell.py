"""A shell in a stack: its environment first on PATH, its server up, nothing left when it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPED = """
echo "mode: $MATRIX_MODE"
python -c "import sqlalchemy; print('line:', sqlalchemy.__version__)"
pytest fixtures/plain/real_commits.py --case commit_twice -q
python -c "import os, sqlalchemy; print('port:', sqlalchemy.engine.make_url(os.environ['MATRIX_DATABASE_URL']).port)"
exit 3
"""


@pytest.fixture(scope="module")
def shell():
    """A shell into which somebody typed."""
    command = [sys.executable, "-m", "matrix", "stack", "sa14f-psycopg2-postgresql18", "--shell", "--servers", "embedded"]
    variables = os.environ | {"SHELL": "/bin/sh"}
    return subprocess.run(command, cwd=ROOT, input=TYPED, env=variables, capture_output=True, text=True, timeout=120, check=False)


def test_the_shell_is_in_the_stack(shell):
    assert "You are in stack sa14f-psycopg2-postgresql18: SQLAlchemy 1.4 future" in shell.stdout, shell.stderr
    assert "mode: future" in shell.stdout
    assert "line: 1.4.54" in shell.stdout


def test_pytest_just_works_there(shell):
    assert "1 passed" in shell.stdout


def test_the_exit_code_is_the_shells(shell):
    assert shell.returncode == 3


def test_the_server_is_gone_afterwards(shell):
    port = shell.stdout.rpartition("port: ")[2].split()[0]
    listening = {line.split()[1].rpartition(":")[2] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"}
    assert listening
    assert f"{int(port):04X}" not in listening


def test_no_password_is_shown(shell):
    assert "://" not in shell.stdout
