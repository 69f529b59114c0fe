"""Real servers for the tests: each started once, when the first test asks for it.

They come embedded, or from the machine or a container where that is not possible. No test
is skipped for want of one: the project promises a server on every machine it supports.
"""

import os
from collections.abc import Iterator

import pytest

from matrix.plan.rows import load_databases
from matrix.servers import Server, start_server

for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
    os.environ.pop(name, None)  # what the tests start is no worker of theirs

collect_ignore = ["mutants", "audit/projects"]  # recipes and projects, run inside a stack by `nox -s bite` and test_bite.py

WAYS = ("embedded", "local", "container")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    yield from _serve("postgresql18")


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[Server]:
    yield from _serve("mysql97")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    yield from _serve("mariadb118")


def _serve(database: str) -> Iterator[Server]:
    server = start_server(load_databases()[database], WAYS)
    yield server
    server.stop()
