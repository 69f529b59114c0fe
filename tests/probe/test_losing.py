"""Whether a driver notices that its connection is lost must not depend on how it was lost, or the answer is chance."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from matrix.environments.building import clean_variables, prepare_environment
from matrix.plan.contents import ROOT
from matrix.plan.rows import load_stacks

SCRIPT = Path(__file__).parents[1] / "in_stack" / "lose_connections.py"
WAYS = ["by the server", "cut", "reset", "reset while waiting"]


@pytest.fixture
def lose(request):
    def run(stack_id: str, server: str, database: str) -> dict[str, list[bool]]:
        stack, server = load_stacks()[stack_id], request.getfixturevalue(server)
        url = f"{stack.dialect}://{server.user}:{server.password}@{server.host}:{server.port}/{database}"
        variables = clean_variables(MATRIX_DATABASE_URL=url, MATRIX_ROOT=str(ROOT))
        command = [prepare_environment(stack).python, SCRIPT]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize(
    ("stack_id", "server", "database"),
    [("sa20-psycopg2-postgresql18", "postgresql_server", "postgres"), ("sa20-pymysql-mysql97", "mysql_server", "mysql")],
)
def test_a_driver_that_notices_every_loss(lose, stack_id, server, database):
    assert lose(stack_id, server, database) == {"nothing": [False] * 3} | dict.fromkeys([*WAYS, "all"], [True] * 3)


def test_a_driver_that_notices_only_some_losses_notices_none_for_us(lose):
    """pg8000 1.31 wraps what goes wrong when it sends, and not what goes wrong when it reads."""
    found = lose("sa14f-pg8000-postgresql17", "postgresql_server", "postgres")
    assert found["cut"] == [True] * 3
    assert found["reset while waiting"] == found["all"] == [False] * 3
