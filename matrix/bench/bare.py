"""A pytest plugin that runs each case many times with nothing around it; runs inside a stack.

The times at which the runs ended go to the file named by MATRIX_BENCH_TIMES, one a line (seconds). With
MATRIX_BENCH_TABLES the application has that many more tables, which exist already; with MATRIX_BENCH_CONNECTIONS each run
opens that many sessions beside the application's own, all of them at the same time.
"""

import os
import time

import pytest

from matrix.probe.plugin import EndItem, EndOfCells, make_twins


def pytest_configure(config):
    config.pluginmanager.register(EndOfCells())
    add_tables(int(os.environ.get("MATRIX_BENCH_TABLES", "0")))


def add_tables(count):
    """Tell the application's metadata of more tables."""
    if not count:
        return
    from sqlalchemy import Column, Integer, String, Table

    from cases.sample import Base

    for number in range(count):
        Table(f"sized_{number}", Base.metadata, Column("id", Integer, primary_key=True), Column("name", String(60), nullable=False))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    count = int(os.environ.get("MATRIX_BENCH_CONNECTIONS", "1")) - 1
    if count and "app" in item.funcargs:
        open_sessions(item.funcargs["app"].new_session, count)
    yield


def open_sessions(new_session, count):
    """Have sessions beside the application's, each with a connection of its own if the fixture leaves it one."""
    from sqlalchemy import text

    sessions = [new_session() for _ in range(count)]
    for session in sessions:
        session.execute(text("SELECT 1"))
    for session in sessions:
        session.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    count = int(os.environ["MATRIX_BENCH_RUNS"])
    items += [twin for item in list(items) for twin in make_twins(item, count - 1)]
    items.append(EndItem.from_parent(items[-1].parent, name="end of cells"))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol():
    yield
    with open(os.environ["MATRIX_BENCH_TIMES"], "a") as file:
        file.write(f"{time.perf_counter()!r}\n")
