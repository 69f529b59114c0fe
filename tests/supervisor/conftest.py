"""Benches of one stack each, on real servers."""

import pytest

from tests.instrument import Bench

STACKS = {
    "postgresql": ("sa20-psycopg2-postgresql18", "postgresql_server"),
    "mysql": ("sa20-pymysql-mysql97", "mysql_server"),
    "mariadb": ("sa20-pymysql-mariadb118", "mariadb_server"),
}


@pytest.fixture(params=STACKS)
def bench(request, tmp_path):
    stack, server = STACKS[request.param]
    return Bench(tmp_path, stack, request.getfixturevalue(server))


@pytest.fixture
def postgresql_bench(tmp_path, postgresql_server):
    return Bench(tmp_path, STACKS["postgresql"][0], postgresql_server)
