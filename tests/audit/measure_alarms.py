"""`python -m tests.audit.measure_alarms`: many clean tests under audit while something else keeps every processor busy; every finding is a false one."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from matrix.audit.command import Request
from matrix.environments.building import prepare_environment
from matrix.plan.rows import load_databases, load_stacks
from matrix.servers import start_server
from tests.audit.large_suite import write_suite
from tests.audit.measure_overhead import STACKS, run_audited

TESTS = '''\
"""Clean tests of the kinds that a hasty look would blame: connections that are just ending, threads too, errors, commits that a fixture undoes."""

import threading

import pytest
import shop
from sqlalchemy import create_engine, func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

Thing = shop.TABLES[0]


@pytest.mark.parametrize("number", range({each}))
def test_commits(db, number):
    db.add(Thing(name="new %d" % number))
    db.commit()
    assert db.query(Thing).filter_by(name="new %d" % number).count() == 1


@pytest.mark.parametrize("number", range({each}))
def test_fails_and_goes_on(db, number):
    with pytest.raises(IntegrityError):
        db.add(Thing(name=None))
        db.flush()
    db.rollback()
    db.add(Thing(name="after"))
    db.commit()


@pytest.mark.parametrize("number", range({each}))
def test_engine_of_its_own(tables, number):
    engine = create_engine(shop.engine.url, poolclass=NullPool)
    with Session(engine) as session:
        session.add(Thing(name="flushed"))
        session.flush()
        session.rollback()


@pytest.mark.parametrize("number", range({each}))
def test_thread_that_is_joined(tables, number):
    def read():
        with Session(shop.engine) as session:
            assert session.query(func.count(Thing.id)).scalar()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()


@pytest.mark.parametrize("number", range({each}))
def test_removes_what_it_made(tables, number):
    with Session(shop.engine) as session:
        thing = Thing(name="for a moment")
        session.add(thing)
        session.commit()
        session.delete(thing)
        session.commit()
'''
KINDS = TESTS.count("\ndef test_")


def spin() -> None:
    while True:
        pass


@contextmanager
def keep_busy():
    """Keep every processor busy."""
    hogs = [multiprocessing.Process(target=spin, daemon=True) for _ in range(os.cpu_count() or 2)]
    for hog in hogs:
        hog.start()
    try:
        yield
    finally:
        for hog in hogs:
            hog.terminate()


def audit_clean(name: str, tests: int) -> str:
    """Audit so many clean tests on one server; returns what came of it."""
    python, server = prepare_environment(load_stacks()[STACKS[name]]).python, start_server(load_databases()[name])
    try:
        with tempfile.TemporaryDirectory() as folder, keep_busy():
            suite = write_suite(Path(folder) / "suite", "rollback", tests=0, tables=4, rows=100)
            (suite / "test_clean.py").write_text(TESTS.format(each=tests // KINDS))
            settings = ["DATABASE_URL={driver_url}", "PYTHONDONTWRITEBYTECODE="]
            request = Request(
                str(suite), set=settings, python=str(python), output=str(suite / "out"), arguments=["-q", "-p", "no:cacheprovider"], running=server
            )
            told = run_audited(request)
    finally:
        server.stop()
    outcomes = {test["outcome"] for test in told["tests"]}
    wrong = [*told["findings"], *told["disagreements"], *told["problems"]]
    return f"{name}: {len(told['tests'])} clean tests ({', '.join(outcomes)}), {len(wrong)} false alarms {wrong[:3]}, looks {told['looks']}, {told['duration_s']} s"


def main() -> None:
    """Print a line for each server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", action="append", choices=sorted(STACKS))
    parser.add_argument("--tests", type=int, default=10_000, help="in all")
    options = parser.parse_args()
    servers = options.server or ["postgresql18", "mysql97"]
    for name in servers:
        print(audit_clean(name, options.tests // len(servers)), flush=True)


if __name__ == "__main__":
    main()
