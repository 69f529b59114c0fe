"""The pytest plugin for a project of somebody else: it tells the auditor outside when a test begins and ends, and waits.

It changes nothing: what it cannot do without changing something, it leaves to the auditor.
"""

import json
import os
import re
import socket
import threading

import pytest

from matrix.probe.caching import move_cache
from matrix.probe.channel import Channel, ChannelClosed

#: What PostgreSQL refuses while somebody looks into a database; and who ends everybody there first may not be allowed to end the examiner.
DROPS = re.compile(r"^\s*(DROP\s+DATABASE|CREATE\s+DATABASE|ALTER\s+DATABASE)\b|\bpg_terminate_backend\s*\(", re.I)


def pytest_load_initial_conftests(early_config):
    if os.environ.get("MATRIX_AUDIT_SOCKET"):
        move_cache(early_config, os.path.dirname(os.environ["MATRIX_AUDIT_SOCKET"]))


def pytest_configure(config):
    address = os.environ.get("MATRIX_AUDIT_SOCKET")
    if os.environ.get("MATRIX_AUDIT_ONLY") and not config.pluginmanager.hasplugin("isolation-matrix-only"):
        config.pluginmanager.register(Only(config, os.environ["MATRIX_AUDIT_ONLY"]), "isolation-matrix-only")
    if address and not config.pluginmanager.hasplugin("isolation-matrix-attached") and is_watched(config):
        config.pluginmanager.register(Attached(address, config), "isolation-matrix-attached")


def is_watched(config):
    """Say whether tests run in this very process: with xdist they run in its workers."""
    return hasattr(config, "workerinput") or not (getattr(config.option, "dist", "no") != "no" and getattr(config.option, "tx", None))


class Only(object):
    """Runs these tests, in this order, whatever files and folders were asked for and however a plugin would sort them."""

    def __init__(self, config, path):
        with open(path, encoding="utf-8") as file:
            self.places = {name: place for place, name in enumerate(json.load(file))}
        files = {name.partition("::")[0]: None for name in self.places}
        config.args = [str(config.rootpath / name) for name in files]

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config, items):
        yield
        others = [item for item in items if item.nodeid not in self.places]
        items[:] = sorted((item for item in items if item.nodeid in self.places), key=lambda item: self.places[item.nodeid])
        if others:
            config.hook.pytest_deselected(items=others)


class Attached(object):
    """Between two tests the process stands still, so that the auditor can look."""

    def __init__(self, address, config):
        from matrix.probe.addresses import Addresses
        from matrix.probe.dirt import ProcessState
        from matrix.probe.events import Timeline
        from matrix.probe.growth import Growth
        from matrix.probe.staying import Staying
        from matrix.probe.variables import Variables

        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(address)
        self.channel = Channel(connection)
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.test = None
        self.pending = False
        self.wide = []
        self.ending = []
        self.asked_end = False
        self.timeline = Timeline()
        self.process = Growth(self.timeline, ProcessState(self.timeline))
        self.variables = Variables()
        self.staying = Staying()
        self.watch_statements()
        worker = getattr(config, "workerinput", {}).get("workerid", "")
        self.ask({"hello": worker, "pid": os.getpid(), "pytest": pytest.__version__})
        self.addresses = Addresses(lambda address: self.ask({"database": address}))

    def ask(self, message):
        """Send a message and wait for the auditor's word; without an auditor the suite just goes on."""
        if self.channel is None or os.getpid() != self.pid:  # a fork of the process under test is not ours to report
            return {}
        with self.lock:
            try:
                self.channel.send(message)
                return self.channel.receive() or {}
            except ChannelClosed:
                self.channel = None
                return {}

    def tell(self, message):
        """Send a message that nobody answers: the test does not wait."""
        if self.channel is not None and os.getpid() == self.pid:
            with self.lock:
                try:
                    self.channel.send(message)
                except ChannelClosed:
                    self.channel = None

    def watch_statements(self):
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        def leave(connection, cursor, statement, parameters, context, executemany):
            if DROPS.search(statement):
                self.ask({"release": True})  # PostgreSQL neither drops nor copies a database that somebody looks into
                for name in re.findall(r"[\w-]+", statement):
                    self.addresses.forget(name)

        event.listen(Engine, "before_cursor_execute", leave)

    # one test

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self.test = {"test": item.nodeid, "phases": {}, "errors": [], "duration_s": {}}
        self.asked_end, self.ending, self.looked = False, [], False
        self.process.remember()
        self.began = self.timeline.start()
        self.timeline.begin_phase("setup")
        self.moments = [(0.0, "setup")]
        self.baseline_at = 0.0
        self.tell({"began": item.nodeid})
        yield
        self.end_test()
        test, self.test = self.test, None
        if self.ending:
            self.ask({"ended_wider": self.ending, "after": test["test"]})
        if self.timeline._began is not None:
            self.timeline.stop()

    def end_test(self):
        """Have the auditor look: after the test's own teardown, before wider fixtures end."""
        if self.asked_end or self.test is None:
            return
        self.asked_end = True
        self.test["process"] = self.process.find() + self.variables.take()
        self.test["staying"] = self.staying.list_backends()
        answer = self.ask({"ended": self.test})
        self.pending = bool(answer.get("pending"))
        if answer.get("say") == "tell":
            self.ask({"told": self.test["test"], "timeline": self.timeline.events, "at": self.began, "phases": self.moments, "baseline_at": self.baseline_at})

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item):
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item):
        self.take_baseline()
        if self.pending:
            self.pending = False
            self.ask({"body": item.nodeid})
        self.moments.append((self.timeline.begin_phase("call"), "call"))
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item):
        self.moments.append((self.timeline.begin_phase("teardown"), "teardown"))
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        report = outcome.get_result()
        if self.test is not None:
            self.test["phases"][report.when] = report.outcome
            self.test["duration_s"][report.when] = round(report.duration, 6)
            if call.excinfo is not None and not report.skipped:
                kind = call.excinfo.type
                self.test["errors"].append({"phase": report.when, "type": kind.__name__, "message": str(call.excinfo.value)[:500]})

    # wider fixtures

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef, request):
        if self.test is None:
            yield
            return
        if fixturedef.scope == "function":
            self.take_baseline()
            yield
            return
        name = "%s|%s|%s" % (fixturedef.scope, fixturedef.argname, fixturedef.baseid)
        self.ask({"wider": name})
        self.wide.append(name)
        yield
        fixturedef.addfinalizer(lambda: self.end_wider(name))  # the last to be added is the first to be called

    def end_wider(self, name):
        if name in self.wide:
            self.wide.remove(name)
        if self.test is not None:
            self.end_test()
            self.ending.append(name)
            self.looked = False

    def take_baseline(self):
        if self.test is not None and not self.looked and self.wide != getattr(self, "seen_wide", []):
            self.ask({"baseline": True})
            self.process.remember()
            self.baseline_at = self.timeline.begin_phase("setup")
        # what came before is the wider fixtures' own
        self.looked, self.seen_wide = True, list(self.wide)

    def pytest_sessionfinish(self, session, exitstatus):
        self.ask(
            {
                "finished": int(exitstatus),
                "collected": getattr(session, "testscollected", 0),
                "connections": self.addresses.connections,
                "tried": self.addresses.tried,
                "others": sorted(self.addresses.others),
            }
        )
