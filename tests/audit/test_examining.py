"""A project's own fixture is examined as a recipe is, and what the audit says of a recipe is what the matrix says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from matrix.audit import playing
from matrix.audit.command import Request, audit
from matrix.audit.learned import NothingToExamine, check_place, choose_fixture
from matrix.audit.mistakes import AuditFailed, WrongUse
from matrix.audit.offers import ASKED, find_reason, read_asked
from matrix.audit.placing import CASES_PACKAGE, place_everything
from matrix.audit.serving import PACKAGE
from matrix.environments.building import prepare_environment
from matrix.facts.reading import load_stack
from matrix.judging.baseline import read_baseline
from matrix.judging.changes import Judged
from matrix.judging.verdicts import NOT_APPLICABLE
from matrix.plan.contents import CASES, ROOT, find_cases, find_recipes
from matrix.plan.rows import load_stacks
from matrix.witness import Account
from reports.audit.fixture import make_fixture
from reports.audit.making import make_audit
from reports.audit.telling import tell_fixture
from reports.places import Places
from tests.audit.agreeing import compare, examine_recipe_in_project

BASELINE = read_baseline(ROOT / "reports" / "baseline.json") or {}
STACK = "sa20-psycopg2-postgresql18"
ASKED_CASES = ("commit_twice", "rollback_after_commit", "other_session_commits", "engine_begin", "seed_changed", "thread_commits", "savepoint_undone")
TOLD = [
    (STACK, "plain/create_savepoint"),
    (STACK, "plain/docs_14"),
    (STACK, "plain/restored_rows"),
    ("sa20-asyncpg-postgresql18", "asyncio/bound_factory_savepoint"),
    ("sa20-psycopg2-postgresql18-flask", "flask/listener_on_scoped_session"),
    ("sa20-asyncpg-postgresql18-fastapi", "fastapi/test_client_portal"),
]


@pytest.mark.parametrize(("stack", "recipe"), TOLD)
def test_audit_says_what_the_matrix_says(stack, recipe, postgresql_server, tmp_path):
    row, one = load_stacks()[stack], find_recipes()[recipe]
    examined = examine_recipe_in_project(row, one, postgresql_server, tmp_path, ASKED_CASES)
    agreement = compare(examined, row, one, BASELINE)
    assert agreement.different == []
    assert agreement.identical + sum(agreement.not_asked.values()) == len(set(ASKED_CASES) & set(find_cases()))
    assert agreement.identical >= 4
    assert set(agreement.not_asked) <= set(ASKED.values())
    other = {cell: judged if judged.verdict == NOT_APPLICABLE else turn(judged) for cell, judged in BASELINE.items()}
    assert len(compare(examined, row, one, other).different) == agreement.identical - count_not_asked(stack, recipe)  # it can tell them apart


def turn(judged: Judged) -> Judged:
    return Judged("isolates" if judged.verdict != "isolates" else "leaks", None)


def count_not_asked(stack: str, recipe: str) -> int:
    """Return how many of the asked cases the matrix could not ask either."""
    return sum(BASELINE[f"{stack}/{recipe}/{case}"].verdict == NOT_APPLICABLE for case in ASKED_CASES)


PROJECT = {
    "models.py": """
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Customer(Base):
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
    name = Column(String(60))
""",
    "conftest.py": """
import os
import pytest
from pathlib import Path
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker
from models import Base, Customer
engine = create_engine(os.environ["DATABASE_URL"])
Base.metadata.create_all(engine)  # opens a connection while tests are collected

@pytest.fixture
def wholesome():
    connection = engine.connect()
    transaction = connection.begin()
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    transaction.rollback()
    connection.close()

@pytest.fixture
def leaking():
    with Session(engine) as session:
        yield session

@pytest.fixture(scope="session")
def seeded():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Customer(id=100, name="seed"))
        session.commit()

@pytest.fixture
def behind_seeds(seeded, wholesome):
    return wholesome

@pytest.fixture
def leaking_behind_seeds(seeded, leaking):
    return leaking

@pytest.fixture(scope="session")
def twice():
    if len(list(Path().glob("process-*"))) == 2:
        raise RuntimeError("only twice")
    Path("process-%d" % os.getpid()).touch()

@pytest.fixture
def brittle(twice, wholesome):
    return wholesome

@pytest.fixture
def number():
    return 3

@pytest.fixture
def broken():
    raise RuntimeError("no such luck")
""",
    "pytest.ini": "[pytest]\npython_functions = check_*\naddopts = --maxfail=1\nfilterwarnings = error\n",
    "test_shop.py": "def check_shop(wholesome):\n    raise AssertionError('bodies do not run')\n",
}


@pytest.fixture
def project(tmp_path):
    place = tmp_path / "shop"
    place.mkdir()
    for name, text in PROJECT.items():
        (place / name).write_text(text)
    return place


@pytest.fixture
def ask(project, postgresql_server, tmp_path):
    def run(**more):
        python = prepare_environment(load_stacks()[STACK]).python
        settings = [f"DATABASE_URL={more.pop('url', '{driver_url}')}"]
        options = {"watch": False, "examine": True, "cases": ("commit_once", "commit_twice", "engine_begin", "seed_changed")} | more
        return audit(Request(str(project), running=postgresql_server, set=settings, python=str(python), output=str(tmp_path / "out"), **options))

    return run


def test_a_whole_fixture_of_a_grown_project(ask, project, tmp_path, capsys):
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert ask() == 0
    assert "fixture wholesome (session" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    fixture = make_fixture(tmp_path / "out", Places())
    assert fixture["word"].startswith("isolates")
    assert fixture["controlled"]
    assert fixture["nearest"] == STACK
    assert fixture["cards"]
    assert all(set(card["gains"]).isdisjoint(card["loses"]) for card in fixture["cards"])
    assert "What it loses" in make_audit(tmp_path / "out", fixture).read_text()
    assert postgresql_password_is_nowhere(tmp_path / "out")


def postgresql_password_is_nowhere(directory: Path) -> bool:
    return not any(re.search(r"://[^:/@\s]+:[^*@\s]+@", path.read_text("utf-8")) for path in directory.glob("fixture*"))


def test_a_fixture_that_leaks_is_a_finding(ask, tmp_path):
    assert ask(fixture="leaking") == 1
    fixture = make_fixture(tmp_path / "out", Places())
    assert fixture["word"] == "leaks"
    assert fixture["cells"]["commit_once"]["verdict"] == "leaks"
    assert all(loss["cause"] for loss in fixture["losses"])


def test_what_a_case_got_and_expected_is_said(ask, tmp_path):
    ask(fixture="wholesome", cases=("engine_sees_commit",))
    errors = [error for cell in load_stack(tmp_path / "out" / "fixture.jsonl").cells for error in cell.first["errors"] if error["assertion"]]
    assert errors
    assert all(error["message"].startswith("assert ") for error in errors)


def test_seeds_that_nobody_removes_are_made_again_in_every_process(ask, tmp_path):
    assert ask(fixture="behind_seeds") == 0
    fixture = make_fixture(tmp_path / "out", Places())
    assert fixture["word"].startswith("isolates")
    assert fixture["endings"] == []  # the project's own way, and no finding


def test_what_wider_fixtures_commit_explains_nothing(ask, tmp_path):
    assert ask(fixture="leaking_behind_seeds", cases=("commit_once",)) == 1
    cells = load_stack(tmp_path / "out" / "fixture.jsonl").cells
    [cell] = [cell.first for cell in cells if cell.first["recipe"].startswith("yours/")]
    assert cell["timeline"]
    assert [event for event in cell["timeline"] if event["phase"] == "setup" and event["event"] in ("statement", "commit")] == []


def test_a_fixture_that_no_case_can_have_says_nothing(ask, capsys):
    """It could be set up for both of the looks at what fixtures give."""
    assert ask(fixture="brittle") == 3
    assert "for no case: RuntimeError: only twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fixture", "code", "text"),
    [("absent", 2, "no test of the project sees a fixture"), ("number", 2, "gives something else than"), ("broken", 3, "could not be set up: RuntimeError")],
)
def test_wrong_fixture(ask, capsys, fixture, code, text):
    assert ask(fixture=fixture) == code
    assert text in capsys.readouterr().err


def test_several_fixtures_are_listed(ask, project, capsys):
    (project / "test_shop.py").write_text("def check_shop(wholesome, leaking): pass\n")
    assert ask() == 2
    assert "wholesome (Session), leaking (Session)" in capsys.readouterr().err


def test_cases_that_a_plugin_takes_away_are_missed(ask, project, capsys):
    with (project / "conftest.py").open("a") as conftest:
        conftest.write("\ndef pytest_collection_modifyitems(items):\n    items[:] = [item for item in items if 'commit_once' not in item.name]\n")
    assert ask(fixture="wholesome") == 3
    assert "took 1 cases away, first test_commit_once" in capsys.readouterr().err
    assert not (project.parent / "out" / "fixture.jsonl").exists()


def test_a_fixture_needs_a_server_of_ours(project, capsys):
    assert audit(Request(str(project), fixture="wholesome")) == 2
    assert "--server ID" in capsys.readouterr().err


def test_what_works_elsewhere_is_refused(ask, project, capsys):
    (project / "conftest.py").write_text(PROJECT["conftest.py"].replace('os.environ["DATABASE_URL"]', '"sqlite://"'))
    assert ask(fixture="wholesome") == 3
    assert "not on the one that was made for it" in capsys.readouterr().err


LEARNED = {
    "collected": 3, "collection_errors": [], "errors": [], "visible": True, "flask_apps": [], "usable": ["session", "other"],
    "fixtures": {"session": {"kind": "session", "type": "Session", "where": {}}, "other": {"kind": "sessionmaker", "type": "sessionmaker", "where": {}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "name", "error"),
    [
        ({}, None, NothingToExamine),
        ({"usable": []}, None, NothingToExamine),
        ({"visible": False}, "nobody", WrongUse),
        ({"collected": 0}, "session", AuditFailed),
        ({"fixtures": {"db": {"kind": "flask_sqlalchemy", "type": "SQLAlchemy", "where": None}}}, "db", AuditFailed),
    ],
)
def test_what_cannot_be_chosen(more, name, error):
    with pytest.raises(error):
        choose_fixture(LEARNED | more, name)


def test_the_one_that_there_is_is_chosen():
    assert choose_fixture(LEARNED | {"usable": ["session"]}, None).name == "session"


def test_placed_cases_know_no_table_of_the_project(tmp_path):
    place_everything(tmp_path)
    texts = [path.read_text() for path in (tmp_path / CASES_PACKAGE).glob("*.py")]
    assert len(texts) > 10
    assert not any(re.search(r"\b(customers|orders|alembic_version)\b|from cases", text) for text in texts)
    assert not any(re.search(r"from (cases|matrix)\b|\"cases\.", path.read_text()) for path in (tmp_path / PACKAGE).glob("*.py"))


def test_what_cases_ask_for_is_read_from_their_text():
    asked = {name: found for theme in CASES.glob("*.py") for name, found in read_asked(theme).items()}
    assert asked["engine_begin"] >= {"engine"}
    assert "new_session" in asked["commit_renews_snapshot"]  # by a function that it calls
    assert set().union(*asked.values()) == {"call", "engine", "new_session", "dialect_name"}
    cases = find_cases()
    assert find_reason(cases["engine_begin"], {"engine": False, "new_session": True}) == ASKED["engine"]
    assert find_reason(cases["commit_once"], {"engine": False, "new_session": False}) is None


def test_a_fixture_on_sqlite_is_said_to_be_there():
    where = {"dialect": "sqlite+pysqlite", "host": None, "port": None, "database": ":memory:"}
    with pytest.raises(AuditFailed, match=r"works on database :memory: of sqlite\+pysqlite, and not on the one that was made for it"):
        check_place("session", where, Account("127.0.0.1", 5432, "u", "", "d"))


def test_programs_of_a_fixture_that_leaks(ask, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(playing, "choose_programs", lambda options: ([("flush",), ("flush", "commit")], {"depth": options.depth, "seed": 1}))
    assert ask(fixture="leaking", cases=("commit_once",), programs=2) == 1
    assert "1 of 2 differ from production, for 1 reason" in capsys.readouterr().out
    fixture = make_fixture(tmp_path / "out", Places())
    [reason] = fixture["programs"]["reasons"]
    assert (reason["cause"], reason["verdict"], reason["left"]) == ("no_outer_transaction", "leaks", ["rows added: isolation_matrix_customers"])
    tell_fixture(fixture)
    assert "leaks, 1 alike: add a row and flush; commit" in capsys.readouterr().out
    assert ask(fixture="leaking", cases=("commit_once",)) == 1
    assert make_fixture(tmp_path / "out", Places())["programs"] is None  # what an earlier examination left is gone


def test_programs_need_a_server_of_ours(project, capsys):
    assert audit(Request(str(project), programs=3)) == 2
    assert "--programs 3: cases write, so they run on a throw-away server only" in capsys.readouterr().err
