"""What a case does to an AsyncSession is what awaited code does to it, whatever a recipe has put in its place."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from matrix.environments.building import clean_variables, prepare_environment
from matrix.plan.contents import ROOT
from matrix.plan.rows import load_stacks

SCRIPT = Path(__file__).parents[1] / "in_stack" / "compare_awaiting.py"
STACKS = ["sa14-asyncpg-postgresql18", "sa20-asyncpg-postgresql18", "sa20-psycopg_async-postgresql18", "sa21-asyncpg-postgresql18"]


@pytest.fixture(scope="module", params=STACKS)
def observed(request, postgresql_server):
    stack = load_stacks()[request.param]
    server = postgresql_server
    url = f"{stack.dialect}://{server.user}:{server.password}@{server.host}:{server.port}/postgres"
    python = prepare_environment(stack).python
    run = subprocess.run(
        [python, SCRIPT],
        env=clean_variables(MATRIX_DATABASE_URL=url, MATRIX_ROOT=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_case_and_awaited_code_agree(observed):
    for change, ways in observed.items():
        assert ways["case"] == ways["awaited"], change


def test_replaced_methods_are_the_ones_called(observed):
    assert observed["leave_alone"]["case"]["left"] == ["by the connection", "committed", "in a savepoint"]
    assert observed["replace_commit_by_flush"]["case"]["left"] == []
    calls = observed["record_calls"]["case"]["calls"]
    assert calls == ["commit", "flush", "commit", "flush", "rollback", "close"]
