"""Runs in a project's own interpreter: tells what its fixtures give, and runs the shared cases through one of them.

Started in the project's folder, so that what pytest would find it finds. The project's settings of pytest stay in force,
but for what would write into the project or run tests elsewhere than here.
"""

import importlib.util
import os
import socket
import sys

import pytest

from matrix.probe.caching import move_cache
from matrix.probe.channel import Channel, ChannelClosed
from matrix.probe.collecting import MARKERS, find_cases
from matrix.probe.fixturecases import adapt_cases, find_anchor, make_module
from matrix.probe.fixtureprobes import ProjectProbe, QuickProjectProbe, ToldProjectProbe
from matrix.probe.fixturetables import add_to_all, follow_metadata
from matrix.probe.forks import begin_child
from matrix.probe.plugin import EndOfCells, forget_last_collection

ARGUMENTS = ("-q", "-s", "--no-header", "-p", "no:faulthandler", "-rN", "--tb=native", "--maxfail=0")
#: Options of plugins that would run tests elsewhere, run them again, or write files, and what says not to.
SETTLED = {"numprocesses": 0, "tx": [], "dist": "no", "maxfail": 0, "reruns": 0, "xmlpath": None, "cov_source": [], "no_cov": True, "stepwise": False}


def main():
    """Do what the supervisor's request asks, in a process of its own."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(os.environ.pop("MATRIX_EXAMINE_SOCKET"))
    channel = begin_child(Channel(connection))
    sys.argv[0] = os.path.join(os.path.dirname(pytest.__file__), "__main__.py")
    return TASKS[channel.request["task"]](channel)


def describe(channel):
    """Say what the environment is and can do, and which statements make the sample tables."""
    from matrix.probe.description import describe_stack

    channel.send({"described": describe_stack()})
    return 0


def learn(channel):
    """Say what the project's fixtures give: of his tests only set-up and teardown run."""
    from matrix.probe.learning import Learning

    learning = Learning(channel)
    run_pytest(channel, [learning])
    channel.send({"learned": learning.report()})
    return 0


def collect(channel):
    """Collect the cases on the project's fixture, fork a child for every series of them; returns pytest's exit code."""
    return collect_functions(channel, ProjectProbe(channel), find_cases)


def explore(channel):
    """Collect one test that plays programs on the project's fixture, fork a child for every series; returns pytest's exit code."""
    from matrix.probe.exploring import Program

    probe = QuickProjectProbe(channel) if channel.request["quick"] else ToldProjectProbe(channel)
    return collect_functions(channel, probe, Program.list_own_cases)


def collect_functions(channel, probe, find_functions):
    """Collect functions in the place of the project's tests; in a fork the same call runs them and tells their end.

    find_functions: returns {name: function}; called once pytest rewrites asserts, of which nothing is said otherwise.
    """
    forget_last_collection()
    set_places()
    code = run_pytest(channel, [probe, EndOfCells(), FixtureCases(channel.request, probe, find_functions)])
    try:
        probe.channel.send({"finished": code, "collection_errors": probe.collection_errors})
    except ChannelClosed:
        return 71
    return code


TASKS = {"describe": describe, "learn": learn, "collect": collect, "explore": explore}


def run_pytest(channel, plugins):
    """Run pytest as the project does, with the plugins; returns its exit code."""
    return int(pytest.main([*channel.request["arguments"], *ARGUMENTS], plugins=[*plugins, Settings(channel.request)]))


def set_places():
    """Tell the errors of cases and of the project from those of packages."""
    from matrix.probe import tracebacks

    cases = os.path.dirname(importlib.util.find_spec("cases.sample").origin)
    tracebacks.FOLDERS = (cases + os.sep, os.getcwd() + os.sep)
    tracebacks.ROOT = os.getcwd()


class Settings(object):
    """Settles the settings of pytest, and makes the sample tables known, before anything of the project is imported.

    They are made known once they are in the database: a fixture that goes by the metadata would not find them.
    """

    def __init__(self, request):
        self.request = request

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config):
        settle(early_config.known_args_namespace)
        move_cache(early_config, os.path.dirname(self.request["output"]))
        pytest.register_assert_rewrite("cases")
        from cases.sample import Base

        if self.request.get("tables"):
            follow_metadata(Base.metadata.sorted_tables)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config):
        settle(config.option)
        yield

    def pytest_configure(self, config):
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)


def settle(options):
    """Set what has to be as it is here, whatever the project's settings say."""
    for name, value in SETTLED.items():
        if hasattr(options, name):
            setattr(options, name, value)


class FixtureCases(object):
    """Puts the cases, or what plays programs, in the place of the project's tests."""

    def __init__(self, request, probe, find_functions):
        self.request = request
        self.probe = probe
        self.find_functions = find_functions
        self.functions = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, session, config, items):
        deselect(items, config)
        try:
            items[:] = self.collect_cases(session, items)
        except Exception as error:
            self.refuse(items, "%s: %s" % (type(error).__name__, error))
        yield

    def collect_cases(self, session, items):
        from cases.sample import Base

        self.functions = call_compiling(self.find_functions)
        add_to_all(Base.metadata.sorted_tables)
        anchor = find_anchor(items, self.request["fixture"])
        if anchor is None:
            raise LookupError("no test of the project sees a fixture %s" % self.request["fixture"])
        return list(session.genitems(make_module(anchor, self.request, adapt_cases(self.functions, self.request["kind"], anchor))))

    def pytest_collection_finish(self, session):
        """A plugin of the project may have taken cases away: silence must not read as a promise."""
        missing = sorted({"test_" + name for name in self.functions} - {getattr(item, "originalname", None) or item.name for item in session.items})
        if missing and not self.probe.collection_errors:
            self.refuse(session.items, "the project's plugins or conftest.py took %d cases away, first %s" % (len(missing), missing[0]))

    def refuse(self, items, reason):
        self.probe.collection_errors.append(reason)
        items[:] = []


def call_compiling(find_functions):
    """Return what it finds; the modules of ours that it imports are compiled once for all processes, beside their own text."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        return find_functions()
    finally:
        sys.dont_write_bytecode = before


def deselect(items, config):
    """Apply the user's -k and -m to his tests, and not to the cases that come in their place."""
    from _pytest.mark import deselect_by_keyword, deselect_by_mark

    deselect_by_keyword(items, config)
    deselect_by_mark(items, config)
    config.option.keyword = config.option.markexpr = ""


if __name__ == "__main__":
    started = os.getpid()
    code = main()
    if os.getpid() != started:  # a fork never returns into what its parent has registered for its own end
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
