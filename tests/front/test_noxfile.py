"""The front door: nox lists every stack with what it is, and runs nothing unasked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from matrix.plan.rows import load_stacks

ROOT = Path(__file__).parents[2]


def run_nox(*arguments):
    result = subprocess.run([sys.executable, "-m", "nox", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout, result.stderr


@pytest.fixture(scope="module")
def sessions():
    """Name and description of every session, as `nox -l` shows them."""
    code, listed, errors = run_nox("--list")
    assert code == 0, errors
    return dict(re.findall(r"^[*-] (\S+)(?: -> (.*))?$", listed, re.MULTILINE))


def test_every_stack_has_a_session_that_says_what_it_is(sessions):
    expected = {f"stack({stack.id})": f"{stack.summary}." for stack in load_stacks().values()}
    assert {name: text for name, text in sessions.items() if name.startswith("stack(")} == expected


def test_every_session_has_one_line_of_description(sessions):
    assert {"help", "matrix", "report", "accept", "tests", "lock", "lint"} <= set(sessions)
    assert [name for name, text in sessions.items() if not text] == []


def test_bare_nox_shows_the_commands_and_runs_nothing_else(sessions):
    code, shown, log = run_nox()
    assert code == 0
    assert [line for line in log.splitlines() if "Running session" in line] == ["nox > Running session help"]
    for name in sessions:
        if name != "help" and not name.startswith("stack("):
            assert f"nox -s {name} " in shown


def test_a_session_that_does_not_exist_is_refused():
    code, _, log = run_nox("-s", "stack(sa20-psycopg2-postgresql99)")
    assert code != 0
    assert "Sessions not found: stack(sa20-psycopg2-postgresql99)" in log


def test_a_bad_row_is_a_clear_error(tmp_path):
    """The noxfile reads the rows when nox loads it: a mistake there must not be a traceback."""
    (tmp_path / "matrix" / "plan").mkdir(parents=True)
    for name in ("__init__.py", "plan/__init__.py", "plan/jobs.py", "plan/rows.py", "plan/tables.py", "databases.toml"):
        (tmp_path / "matrix" / name).write_bytes((ROOT / "matrix" / name).read_bytes())
    (tmp_path / "noxfile.py").write_bytes((ROOT / "noxfile.py").read_bytes())
    rows = (ROOT / "matrix" / "stacks.toml").read_text()
    (tmp_path / "matrix" / "stacks.toml").write_text(rows.replace('line = "2.1"', 'line = "2.7"', 1))
    result = subprocess.run([sys.executable, "-m", "nox", "-l"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "field 'line' is '2.7', expected one of 1.3, 1.4, 2.0, 2.1" in result.stderr
    assert "Traceback" not in result.stderr
