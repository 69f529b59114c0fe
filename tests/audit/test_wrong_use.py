"""What is typed wrongly, or proves nothing, ends with an error that says what to do, and never with "clean"."""

from __future__ import annotations

import json
import sys

import pytest

from matrix.audit.command import Request, audit
from matrix.audit.findings import Finding
from matrix.audit.mistakes import WrongUse
from matrix.audit.project import find_python
from matrix.audit.secrets import Hider
from matrix.audit.settings import read_expected
from matrix.environments.building import prepare_environment
from matrix.plan.rows import load_stacks
from matrix.witness.findings import Residue
from reports.audit.making import make_audit


def run(tmp_path, **more):
    return audit(Request(str(more.pop("path", tmp_path)), output=str(tmp_path / "out"), confirm=False, **more))


@pytest.fixture
def python():
    return str(prepare_environment(load_stacks()["sa20-psycopg2-postgresql18"]).python)


def test_no_such_folder(tmp_path, capsys):
    assert run(tmp_path, path=tmp_path / "absent") == 2
    assert "there is no folder" in capsys.readouterr().err


def test_no_interpreter_says_where_it_looked(tmp_path, monkeypatch):
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "MATRIX_USER_ENV"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(WrongUse, match=r"looked for .*\.venv.*--python"):
        find_python(tmp_path, None)


def test_sqlalchemy_is_missing(tmp_path, capsys):
    assert run(tmp_path, python=sys.executable) == 2
    assert "SQLAlchemy cannot be imported" in capsys.readouterr().err


def test_placeholder_needs_a_server(tmp_path, python, capsys):
    assert run(tmp_path, python=python, set=["DATABASE_URL={url}"]) == 2
    assert "--server" in capsys.readouterr().err


def test_unknown_server_lists_all(tmp_path, python, capsys):
    assert run(tmp_path, python=python, server="oracle") == 2
    assert "postgresql18" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["audit", "audit:", "audit:  "])
def test_expectation_without_a_reason(text):
    with pytest.raises(WrongUse, match="TABLE: reason"):
        read_expected([text])


def test_nothing_collected(tmp_path, python, capsys):
    assert run(tmp_path, python=python) == 3
    assert "collected no test" in capsys.readouterr().err


def test_all_skipped(tmp_path, python, capsys):
    (tmp_path / "test_it.py").write_text("import pytest\n\n@pytest.mark.skip\ndef test_it(): pass\n")
    assert run(tmp_path, python=python) == 3
    assert "skipped" in capsys.readouterr().err


def test_no_connection(tmp_path, python, capsys):
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    assert run(tmp_path, python=python) == 3
    assert "no connection" in capsys.readouterr().err


def test_what_cannot_be_watched_is_named(tmp_path, python, capsys):
    (tmp_path / "test_it.py").write_text("from sqlalchemy import create_engine\n\ndef test_it():\n    create_engine('sqlite://').connect().close()\n")
    assert run(tmp_path, python=python) == 3
    assert "sqlite" in capsys.readouterr().err


def test_before_that_fails(tmp_path, python, capsys):
    assert run(tmp_path, python=python, before=["false"]) == 3
    assert "--before" in capsys.readouterr().err


LEAKY = """
import os
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["DATABASE_URL"])


def test_tables():
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (id int, password text)"))


def test_leaves():
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO accounts (id, password) VALUES (1, 'hunter2')"))


def test_after():
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM accounts")).scalar() == 0
"""


def test_secrets_page_victims_and_expectation(tmp_path, python, postgresql_server):
    (tmp_path / "test_it.py").write_text(LEAKY)
    request = Request(str(tmp_path), running=postgresql_server, set=["DATABASE_URL={driver_url}"], python=python, output=str(tmp_path / "out"))
    assert audit(request) == 1
    text = (tmp_path / "out" / "audit.json").read_text()
    assert "hunter2" not in text
    found = {finding["test"]: finding for finding in json.loads(text)["findings"]}
    assert found["test_it.py::test_leaves"]["met_by"] == "test_it.py::test_after"
    assert found["test_it.py::test_leaves"]["confirmed"] == "confirmed in place"
    page = make_audit(tmp_path / "out").read_text()
    assert "test_it.py::test_leaves" in page
    assert "hunter2" not in page
    assert "Content-Security-Policy" in page
    assert 'failures="2"' in (tmp_path / "out" / "junit.xml").read_text()


MORE = """
from test_it import engine, text


def test_more():
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE more (id int)"))
"""
BACKWARDS = """
def pytest_collection_modifyitems(items):
    if len(items) < 4:
        items.reverse()
"""


def test_confirming_runs_nothing_else_and_keeps_the_order(tmp_path, python, postgresql_server):
    """A folder among pytest's arguments, pytest's own folder above the project's, and a plugin that sorts the tests."""
    project = tmp_path / "shop" / "tests"
    project.mkdir(parents=True)
    (tmp_path / "shop" / "pytest.ini").write_text("[pytest]\n")
    (project / "test_it.py").write_text(LEAKY)
    (project / "test_more.py").write_text(MORE)
    (project / "conftest.py").write_text("import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n")
    (project / "sorting.py").write_text(BACKWARDS)
    request = Request(
        str(project), running=postgresql_server, set=["DATABASE_URL={driver_url}", f"PYTHONPATH={project}"], python=python, output=str(tmp_path / "out"),
        arguments=["-v", "-p", "sorting", "."],
    )  # fmt: skip
    assert audit(request) == 1
    found = {finding["test"]: finding["confirmed"] for finding in json.loads((tmp_path / "out" / "audit.json").read_text())["findings"]}
    assert found["tests/test_it.py::test_tables"] == "confirmed"
    assert found["tests/test_it.py::test_leaves"] == "confirmed in place"
    assert "1 failed, 2 deselected" in (tmp_path / "out" / "again.log").read_text()  # who met it, alone: it needs what test_tables makes


def test_names_in_quotes_stay_where_literals_are_hidden():
    hider = Hider([], [], values=True)
    hider.learn_columns("shop", {"public.user": ["id", "password"]})
    statement = """INSERT INTO "user" (id, "password") VALUES (1, 'it''s'), (2, "hunter2")"""
    hidden = hider.hide_finding(Finding("leak", "test", "shop", [], first_event=statement)).first_event
    assert hidden == """INSERT INTO "user" (id, "password") VALUES (1, '...'), (2, '...')"""


def test_values_are_left_out_when_asked():
    finding = Finding("leak", "test", "shop", [Residue("rows_added", "users", "(1,ann)")], first_event="INSERT INTO users VALUES ('ann')")
    hidden = Hider([], [], values=False).hide_finding(finding)
    assert "ann" not in hidden.residue[0].detail + hidden.first_event
