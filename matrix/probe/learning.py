"""Learns what a project's fixtures give by setting them up, for tests of his whose bodies do not run."""

import unittest

import pytest

from matrix.probe.fixtureapp import make_web_application
from matrix.probe.fixturecases import APP, find_anchor, find_runner, make_module, set_arguments
from matrix.probe.fixturevalues import ASYNCHRONOUS, FLASK, USABLE, WEB, classify, describe_engine, find_engine, list_parts, list_values

MOST = 60  # tests that are set up to see what fixtures give


class Learning(object):
    """Has as few tests set up as it takes to see every fixture that they use, and the one that was asked for."""

    def __init__(self, channel):
        self.channel = channel
        self.request = channel.request
        self.fixtures = {}
        self.parts = {}
        self.offers = None
        self.errors = []
        self.collection_errors = []
        self.collected = self.visible = 0

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, session, config, items):
        from matrix.probe.examining import deselect

        deselect(items, config)
        self.collected = len(items)
        wanted = self.request.get("fixture")
        anchor = find_anchor(items, wanted) if wanted else None
        self.visible = anchor is not None
        chosen = [] if self.request.get("kind") else choose_few(items)
        if anchor is not None:
            chosen += list(session.genitems(make_module(anchor, self.request, make_tests(self.request, anchor))))
        items[:] = chosen
        yield

    def pytest_collection_finish(self, session):
        """Let the supervisor look at what importing the project has made: what comes now is made by fixtures."""
        self.channel.send({"collected": len(session.items)})
        self.channel.receive()

    def pytest_collectreport(self, report):
        if report.failed:
            self.collection_errors.append(str(report.longrepr)[-2000:])

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        """Look at what the fixtures have given; the test itself does not run, whichever plugin would run it."""
        self.look(pyfuncitem)
        pyfuncitem.obj = do_nothing
        yield

    def look(self, item):
        """Take what the fixtures of an item are, by now all set up."""
        values = list_values(item)
        for name, value in values.items():
            if name not in self.fixtures and classify(value) is not None:
                self.fixtures[name] = describe_value(value, values)
                self.parts[name] = list_parts(item, name)[1:]
        if APP in values:
            self.offers = dict(values[APP].offers, **{"where": describe_engine(values[APP].ask_session(find_engine))})

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        yield
        if call.excinfo is not None and call.when != "call" and not call.excinfo.errisinstance(pytest.skip.Exception):
            self.errors.append({"test": item.name, "text": "%s: %s" % (call.excinfo.typename, call.excinfo.value)})

    def report(self):
        """Return all that was learned (dict of JSON values)."""
        usable = {name: found for name, found in self.fixtures.items() if found["kind"] in USABLE}
        whole = [name for name in usable if not any(name in self.parts[other] for other in usable if other != name)]
        return {
            "fixtures": self.fixtures,
            "usable": sorted(whole),
            "flask_apps": sorted(name for name, found in self.fixtures.items() if found["kind"] == FLASK),
            "visible": self.visible,
            "collected": self.collected,
            "collection_errors": self.collection_errors,
            "errors": self.errors,
            "offers": self.offers,
        }


def do_nothing(**fixtures):
    """What stands in the place of a test's body."""


def describe_value(value, values):
    """Return the kind of a value and what it is connected to, if that can be told by now."""
    found = {"kind": classify(value), "type": type(value).__name__}
    try:
        found["where"] = describe_engine(find_its_engine(value, found["kind"], values))
    except Exception as error:
        found["where"], found["unknown"] = None, "%s: %s" % (type(error).__name__, error)
    return found


def find_its_engine(value, kind, values):
    """Return the engine that a fixture's value works on."""
    if kind in WEB:
        flask_app = next((other for other in values.values() if classify(other) == FLASK), None)
        return make_web_application(value, kind, flask_app).ask_session(find_engine)
    if kind.endswith("sessionmaker"):
        return find_engine(value())
    return value if kind.endswith("engine") else find_engine(value() if kind == "scoped_session" else value)


def choose_few(items):
    """Return the first tests that together use every fixture of the project's that any of them uses."""
    seen, chosen = set(), []
    for item in items:
        names = {name for name in getattr(item, "fixturenames", ()) if is_own(item, name)}
        if names - seen and len(chosen) < MOST and is_function(item):
            seen |= names
            chosen.append(item)
    return chosen


def is_function(item):
    """Say whether an item is a test function that pytest itself calls: unittest calls its methods past every hook."""
    return isinstance(item, pytest.Function) and not (item.cls is not None and issubclass(item.cls, unittest.TestCase))


def is_own(item, name):
    """Say whether a fixture is anybody's but pytest's own."""
    definitions = item._fixtureinfo.name2fixturedefs.get(name)
    return bool(definitions) and not getattr(definitions[-1].func, "__module__", "").startswith("_pytest.")


def make_tests(request, anchor):
    """Return a test that asks for the fixture, and for the application on it once its kind is known; it never runs."""

    def test_fixture(**values):
        raise AssertionError("a test that only asks for fixtures is never run")

    names = [request["fixture"], *([APP] if request.get("kind") else [])]
    set_arguments(test_fixture, names)
    if request.get("kind") in ASYNCHRONOUS:
        from matrix.probe.awaiting import make_coroutine

        return {"test_fixture": find_runner(anchor)(make_coroutine(test_fixture))}
    return {"test_fixture": test_fixture}
