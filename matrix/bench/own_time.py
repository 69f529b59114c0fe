"""A pytest plugin that tells the tests' own time from start-up; runs inside a stack, and examines nothing.

Every case leaves two lines in the file named by MATRIX_BENCH_TIMES: "<case> began", and "<case> <seconds> <seconds>" for what
pytest then spent in its protocol (set-up, call, teardown and its reports), and in the reports alone, for it takes long to put
a failure inside SQLAlchemy into words. All else is start-up. What waits longer than MATRIX_BENCH_LIMIT seconds ends its
process, for nobody else would.
"""

import os
import threading
import time

import pytest

HUNG = 86  # exit code
LOOK_S = 0.2


def pytest_configure(config):
    times = os.open(os.environ["MATRIX_BENCH_TIMES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    config.pluginmanager.register(OwnTime(times, float(os.environ["MATRIX_BENCH_LIMIT"])))


class OwnTime(object):
    """One thread watches all cases, so that none pays for one of its own."""

    def __init__(self, times, limit_s):
        self.times = times
        self.limit_s = limit_s
        self.began = None
        self.reports_s = 0.0
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            time.sleep(LOOK_S)
            began = self.began
            if began is not None and time.perf_counter() - began > self.limit_s:
                os._exit(HUNG)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        case = item.name[len("test_") :] if item.name.startswith("test_") else item.name
        self.write(case, "began")
        self.reports_s = 0.0
        began = self.began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        self.began = None
        self.write(case, "%r %r" % (seconds, self.reports_s))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self):
        began = time.perf_counter()
        yield
        self.reports_s += time.perf_counter() - began

    def write(self, case, what):
        os.write(self.times, ("%s %s\n" % (case, what)).encode())
