"""A server says which one it would be, without being started: another build, or other settings, is another server."""

import psycopg
import pymysql
import pytest

from matrix.plan.rows import load_databases
from matrix.servers import identify_server

ROWS = load_databases()


def give(monkeypatch, server):
    url = f"{server.database.kind}://{server.user}:{server.password}@{server.host}:{server.port}/"
    monkeypatch.setenv(server.database.environment, url)


def test_what_is_in_the_cache_is_told_by_its_build(postgresql_server):
    identity = identify_server(ROWS["postgresql18"], ("embedded",))
    assert identity == identify_server(ROWS["postgresql18"], ("embedded",))
    assert identity.startswith(f"embedded postgresql {postgresql_server.version}")


def test_what_would_have_to_be_downloaded_is_absent(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert identify_server(ROWS["postgresql18"], ("embedded",)) == "absent"
    assert not list(tmp_path.rglob("*postgres*"))


def test_a_given_server_is_told_by_its_settings(monkeypatch, postgresql_server):
    give(monkeypatch, postgresql_server)
    before = identify_server(ROWS["postgresql18"])
    assert before.startswith("url ")
    assert postgresql_server.password not in before
    with psycopg.connect(
        host=postgresql_server.host,
        port=postgresql_server.port,
        user=postgresql_server.user,
        password=postgresql_server.password,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        try:
            connection.execute("alter role current_user set deadlock_timeout = '2s'")
            assert identify_server(ROWS["postgresql18"]) != before
        finally:
            connection.execute("alter role current_user reset deadlock_timeout")
    assert identify_server(ROWS["postgresql18"]) == before


@pytest.mark.parametrize("product", ["mysql", "mariadb"])
def test_a_given_server_of_mysqls_kind_is_too(monkeypatch, request, product):
    server = request.getfixturevalue(f"{product}_server")
    give(monkeypatch, server)
    before = identify_server(server.database)
    connection = pymysql.connect(host=server.host, port=server.port, user=server.user, password=server.password, ssl_disabled=True)
    with connection, connection.cursor() as cursor:
        cursor.execute("select @@global.lock_wait_timeout")
        value = cursor.fetchone()[0]
        try:
            cursor.execute("set global lock_wait_timeout = 1234")
            assert identify_server(server.database) != before
        finally:
            cursor.execute(f"set global lock_wait_timeout = {value}")
    assert identify_server(server.database) == before


def test_a_given_server_that_does_not_answer_is_like_none(monkeypatch):
    monkeypatch.setenv("MATRIX_POSTGRESQL18_URL", "postgresql://u:p@127.0.0.1:1/")
    assert identify_server(ROWS["postgresql18"]) == "absent"
