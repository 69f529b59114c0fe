"""A pytest plugin that runs each case many times with nothing around it; runs inside a stack.

The times at which the runs ended go to the file named by MATRIX_BENCH_TIMES, one a line (seconds).
"""

import os
import time

import pytest

from matrix.probe.plugin import EndItem, EndOfCells, make_twins


def pytest_configure(config):
    config.pluginmanager.register(EndOfCells())


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
