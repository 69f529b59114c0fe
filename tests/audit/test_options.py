"""What may be asked of an audit beside a plain run: known residue, what is hidden, a server of the user's, a stop in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest

from matrix.audit.command import Request, audit
from matrix.plan.contents import ROOT
from matrix.witness import open_witness
from matrix.witness.mysql.connecting import connect_as as connect_mysql
from tests.audit.bed import audit_project, copy_project, find_stack_python, read_audit

LEAK = "test_shop.py::test_export"


def find_leak(audited, test=LEAK):
    [finding] = [finding for finding in audited.document["findings"] if finding["test"] == test]
    return finding


def test_expected_residue_is_said_and_not_counted(tmp_path, postgresql_server, capsys):
    audited = audit_project("rows_added", "postgresql", postgresql_server, tmp_path, expect=["users: the export keeps them"])
    assert (audited.code, find_leak(audited)["counted"]) == (0, False)
    assert "expected of test_shop.py::test_export: the export keeps them" in capsys.readouterr().out


def test_expecting_one_table_excuses_no_other(tmp_path, postgresql_server):
    assert audit_project("rows_added", "postgresql", postgresql_server, tmp_path, expect=["notes: known"]).code == 1


@pytest.mark.parametrize("more", [{"hide": ["name"]}, {"values": False}], ids=["hide", "no-values"])
def test_contents_that_are_to_be_hidden_are_nowhere(tmp_path, postgresql_server, capsys, more):
    audited = audit_project("rows_added", "postgresql", postgresql_server, tmp_path, **more)
    assert find_leak(audited)["residue"][0]["detail"] == "(contents not shown)"
    told = json.dumps(audited.document) + capsys.readouterr().out
    assert ",other)" not in told
    assert "'other'" not in told


def test_contents_are_told_otherwise(tmp_path, postgresql_server):
    assert "other" in find_leak(audit_project("rows_added", "postgresql", postgresql_server, tmp_path))["residue"][0]["detail"]


def test_a_project_and_what_its_pytest_remembers_stay_as_they_were(tmp_path, postgresql_server):
    audited = audit_project("rows_added", "postgresql", postgresql_server, tmp_path / "first", arguments=["-k", "test_export"])
    assert [test["id"] for test in audited.document["tests"]] == [LEAK]
    place = tmp_path / "first" / "rows_added"
    assert not (place / ".pytest_cache").exists()
    (place / ".pytest_cache" / "v" / "cache").mkdir(parents=True)
    (place / ".pytest_cache" / "v" / "cache" / "lastfailed").write_text(json.dumps({LEAK: True}))
    before = read_files(place)
    request = Request(
        str(place), running=postgresql_server, python=str(find_stack_python("postgresql")), output=str(tmp_path / "out"), arguments=["--lf"],
        set=["DATABASE_URL={driver_url}", "PYTHONDONTWRITEBYTECODE=1"], examine=False,
    )  # fmt: skip
    audited = read_audit(audit(request), tmp_path / "out")
    assert [test["id"] for test in audited.document["tests"]] == [LEAK]  # of all its tests, the one that it remembers
    assert read_files(place) == before


def read_files(place):
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


# a server that is not ours


@pytest.fixture
def given(request):
    """A database and an ordinary account on a server that the audit is not told of: as if it were the user's."""
    with closing(open_witness(request.getfixturevalue(request.param), "matrix_users_own")) as owner:
        yield owner


def audit_given(owner, project, kind, tmp_path):
    account = owner.account
    driver = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}[kind]
    url = f"{driver}://{account.user}:{account.password}@{account.host}:{account.port}/{account.database}"
    copy = copy_project(project, tmp_path)
    request = Request(str(copy), set=[f"DATABASE_URL={url}"], python=str(find_stack_python(kind)), confirm=False, output=str(tmp_path / "out"))
    return read_audit(audit(replace(request, arguments=["-p", "no:cacheprovider"])), tmp_path / "out")


@pytest.mark.parametrize("given", ["postgresql_server"], indirect=True)
def test_given_postgresql_is_watched_by_its_own_account(given, tmp_path):
    audited = audit_given(given, "rows_added", "postgresql", tmp_path)
    assert (audited.code, find_leak(audited)["residue"][0]["kind"]) == (1, "rows_added")
    assert audited.document["databases"][0]["not_seen"] == []
    assert given.account.password not in (tmp_path / "out" / "audit.json").read_text()


@pytest.mark.parametrize("given", ["postgresql_server"], indirect=True)
def test_given_server_is_only_read(given, tmp_path):
    """What a test left is still there afterwards, the transaction of a failed test was nobody's to end, and no log was switched on."""
    audit_given(given, "rows_added", "postgresql", tmp_path)
    rows = given._cursor.execute("select name from users order by id").fetchall()
    assert ("other",) in rows
    assert given._cursor.execute("select rolconfig from pg_roles where rolname = %s", [given.account.user]).fetchall() == [(None,)]


@pytest.mark.parametrize("given", ["mysql_server"], indirect=True)
def test_what_an_account_may_not_see_is_said_and_is_not_clean(given, tmp_path, capsys):
    audited = audit_given(given, "clean_savepoint", "mysql", tmp_path)
    told, [database] = capsys.readouterr().out, audited.document["databases"]
    assert any("transactions and locks of other sessions" in line for line in database["not_seen"])
    assert any("prepared transactions" in line for line in database["not_seen"])
    assert "none leaves anything that the examiner's account sees" in told
    assert "none leaves anything behind" not in told


@pytest.mark.parametrize("given", ["mysql_server"], indirect=True)
def test_rows_are_seen_by_an_account_that_sees_no_session(given, tmp_path):
    audited = audit_given(given, "rows_added", "mysql", tmp_path)
    assert (audited.code, find_leak(audited)["residue"][0]["kind"]) == (1, "rows_added")
    with closing(connect_mysql(given.account)) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from users where name = 'other'")
        assert cursor.fetchall() == ((1,),)


@pytest.mark.parametrize("given", ["mysql_server"], indirect=True)
def test_an_administrator_sees_what_the_account_does_not(given, tmp_path, mysql_server, monkeypatch):
    monkeypatch.setenv("MATRIX_AUDIT_ADMIN_URL", f"mysql://{mysql_server.user}:{mysql_server.password}@{mysql_server.host}:{mysql_server.port}/")
    audited = audit_given(given, "open_transaction", "mysql", tmp_path)
    assert audited.document["databases"][0]["not_seen"] == []
    assert any(found["kind"] == "open_transaction" for finding in audited.document["findings"] for found in finding["residue"])
    assert mysql_server.password not in (tmp_path / "out" / "audit.json").read_text() + (tmp_path / "out" / "pytest.log").read_text()


# accounts and databases that refuse


@pytest.mark.parametrize("given", ["postgresql_server"], indirect=True)
def test_a_database_that_refuses_the_examiner(given, tmp_path, capsys):
    given._cursor.execute(f"alter role {given.account.user} connection limit 1")
    assert_refused(given, tmp_path, capsys, "cannot connect")


@pytest.mark.parametrize("given", ["postgresql_server"], indirect=True)
def test_an_account_that_sees_nothing(given, tmp_path, capsys, monkeypatch):
    given._cursor.execute("create role matrix_users_own_blind login password 'blind1'")
    monkeypatch.setenv("MATRIX_AUDIT_ADMIN_URL", f"postgresql://matrix_users_own_blind:blind1@{given.account.host}:{given.account.port}/")
    try:
        text = assert_refused(given, tmp_path, capsys, "may not read")
    finally:
        given._cursor.execute("drop role matrix_users_own_blind")
    assert "grant it SELECT" in text
    assert "blind1" not in text


def assert_refused(owner, tmp_path, capsys, words):
    """Audit tests that make a table at import, so that there is something to read, and expect exit code 3 with the reason."""
    account = owner.account
    (tmp_path / "test_it.py").write_text(ONE_TABLE)
    url = f"postgresql+psycopg2://{account.user}:{account.password}@{account.host}:{account.port}/{account.database}"
    request = Request(str(tmp_path), set=[f"DATABASE_URL={url}"], python=str(find_stack_python("postgresql")), confirm=False, output=str(tmp_path / "out"))
    code = audit(request)
    told = capsys.readouterr()
    assert (code, account.password in told.err + told.out) == (3, False), told
    assert words in told.err
    return told.err


ONE_TABLE = """
import os
import psycopg2
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

url = make_url(os.environ["DATABASE_URL"])
with psycopg2.connect(host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database) as connection:
    connection.cursor().execute("CREATE TABLE IF NOT EXISTS things (id int)")
connection.close()
engine = create_engine(url)


def test_things():
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM things")).scalar() == 0
"""


# a server of ours, for this run alone


TRUSTED = """
import os
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["DATABASE_URL"], isolation_level="AUTOCOMMIT")
NEEDS = {
    "postgresql": ["CREATE ROLE reporter", "CREATE EXTENSION pageinspect", "DROP EXTENSION pageinspect", "DROP ROLE reporter"],
    "mysql": ["CREATE DATABASE other", "CREATE USER reporter", "GRANT SELECT ON other.* TO reporter", "DROP USER reporter", "DROP DATABASE other"],
}


def test_everything():
    with engine.connect() as connection:
        for statement in NEEDS[engine.dialect.name]:
            connection.execute(text(statement))
"""


@pytest.mark.parametrize(("server", "kind"), [("postgresql18", "postgresql"), ("mysql97", "mysql")])
def test_a_server_for_this_run_trusts_the_tests(tmp_path, server, kind):
    (tmp_path / "test_it.py").write_text(TRUSTED)
    request = Request(str(tmp_path), server=server, set=["DATABASE_URL={driver_url}"], python=str(find_stack_python(kind)), output=str(tmp_path / "out"))
    audited = read_audit(audit(request), tmp_path / "out")
    assert (audited.code, audited.document["pytest_exit_code"]) == (0, 0), audited.log


# a server that only a fixture knows


def test_a_server_that_a_fixture_starts(tmp_path):
    command = f"{sys.executable} -m tests.audit.lone_server"
    copy = copy_project("own_server", tmp_path)
    request = Request(
        str(copy), set=[f"START_SERVER={command}", f"SERVER_FOLDER={ROOT}"], python=str(find_stack_python("postgresql")),
        confirm=False, output=str(tmp_path / "out"), arguments=["-p", "no:cacheprovider"],
    )  # fmt: skip
    audited = read_audit(audit(request), tmp_path / "out")
    counted = [finding for finding in audited.document["findings"] if finding["counted"]]
    assert [finding["test"] for finding in counted] == [LEAK], audited.log
    assert (audited.code, audited.document["problems"]) == (1, [])


# a stop in the middle


def test_ctrl_c_reports_what_was_found(tmp_path, postgresql_server):
    (tmp_path / "test_it.py").write_text(SLOW)
    with closing(open_witness(postgresql_server, "matrix_users_own")) as owner:
        child = start_audit(tmp_path, owner.account, tmp_path / "out")
        wait_for(tmp_path / "reached")
        child.send_signal(signal.SIGINT)
        told, error = child.communicate(timeout=30)
    assert child.returncode == 130, error
    assert "interrupted" in told
    assert "test_it.py::test_leaves" in told
    document = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert document["interrupted"] is True
    assert [finding["test"] for finding in document["findings"] if finding["counted"]] == ["test_it.py::test_tables", "test_it.py::test_leaves"]


def test_a_hang_on_a_server_of_the_users_is_told_at_once_and_ended_by_him(tmp_path, postgresql_server):
    with closing(open_witness(postgresql_server, "matrix_users_own")) as owner:
        child = start_audit(copy_project("lock_wait", tmp_path), owner.account, tmp_path / "out")
        told = next(line for line in child.stderr if "waits for" in line)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
    assert told.startswith("test_shop.py::test_waits_for_itself: backend ")
    document = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert next((finding["test"], finding["kind"]) for finding in document["findings"] if finding["counted"]) == ("test_shop.py::test_waits_for_itself", "hang")


def start_audit(project, account, output):
    url = f"postgresql+psycopg2://{account.user}:{account.password}@{account.host}:{account.port}/{account.database}"
    command = [sys.executable, "-m", "matrix", "audit", str(project), "--set", f"DATABASE_URL={url}", "--output", str(output)]
    command += ["--python", str(find_stack_python("postgresql"))]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})


def wait_for(path):
    ends = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < ends
        time.sleep(0.05)


SLOW = """
import os
import time
from pathlib import Path
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["DATABASE_URL"])


def test_tables():
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (id int)"))


def test_leaves():
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO accounts (id) VALUES (1)"))


def test_long():
    Path(__file__).with_name("reached").touch()
    time.sleep(60)
"""
