"""The pytest plugins that run programs: many of them quickly, or a few with everything that a cell's facts hold.

A program is an ordinary test of the recipe's module: pytest's own runner sets its fixtures up, calls it and tears
them down. What the quick way leaves out is what nobody reads of a thousand programs: reports, and the timeline.
"""

import os

import pytest

from matrix.probe.begun import BegunTransactions
from matrix.probe.channel import ChannelClosed
from matrix.probe.forks import serve_forks
from matrix.probe.idleness import answer_signals
from matrix.probe.plugin import ARGUMENTS, EndItem, EndOfCells, Probe, forget_last_collection, make_twins
from matrix.probe.sessions import SessionWatch

UNREAD = ("logging", "warnings", "unraisableexception", "threadexception", "skipping", "stepwise", "debugging")


def collect_programs(channel):
    """Collect the recipe with one test that plays programs, fork a child for every series; returns pytest's exit code."""
    forget_last_collection()
    quick = channel.request["quick"]
    probe = QuickProbe(channel) if quick else ToldProbe(channel)
    left_out = [part for name in UNREAD for part in ("-p", "no:" + name)] if quick else []
    code = int(pytest.main([channel.request["recipe"], *ARGUMENTS, *left_out], plugins=[probe, Program(), EndOfCells()]))
    try:
        probe.channel.send({"finished": code, "collection_errors": probe.collection_errors})
    except ChannelClosed:
        return 71
    return code


class Program(object):
    """Tells the collector what stands in the place of the cases."""

    @staticmethod
    def list_own_cases():
        """Return the test function that plays a program, by its name."""
        from matrix.probe.programs import test_program

        return {"program": test_program}


def prepare(item, request):
    """Give an item its program; request: what the supervisor asks for."""
    item.program, item.prefix, item.expected = request["program"], request["prefix"], request.get("expected")
    item.saw = None


class QuickProbe(object):
    """Runs one program after another in the same child, and lets the supervisor look between every two."""

    def __init__(self, channel):
        self.channel = channel
        self.collection_errors = []
        self.playing = self.wider_fixtures = False
        self.begun, self.sessions = BegunTransactions(), SessionWatch()

    def pytest_collectreport(self, report):
        if report.failed:
            self.collection_errors.append(str(report.longrepr)[-4000:])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        """Fork children until the supervisor has enough; a child plays what it is sent."""
        if not session.items:
            return True
        channel = serve_forks(self.channel.request["socket"], self.channel.fileno(), self.channel.send)
        if channel is not None:
            self.channel.close()
            self.channel = channel
            answer_signals(channel)
            self.play_all(session)
        return True

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef):
        """Have the baseline taken after the wider fixtures and before the first function-scoped one, as for cells."""
        if self.playing and fixturedef.scope != "function":
            self.wider_fixtures = True
        elif self.wider_fixtures:
            self.wider_fixtures = False
            self.sessions.remember()
            self.channel.send({"baseline": True, "begun": self.begun.list_backends()})
            self.channel.receive()
        yield

    def play_all(self, session):
        """Play programs until there are no more; the wider fixtures end with the last."""
        item = session.items[0]
        pair = [item, *make_twins(item, 1)]
        functions = [each.obj for each in pair]
        self.channel.send({"waiting": os.getpid()})
        message, turn = self.channel.receive(), 0
        while "program" in message:
            pair[turn].obj = functions[turn]  # pytest-asyncio wraps it anew for every run
            self.channel.send(self.play(pair[turn], pair[1 - turn], message))
            message, turn = self.channel.receive(), 1 - turn
        session._setupstate.teardown_exact(None) if TEARDOWN_TAKES_ONE else session._setupstate.teardown_exact(pair[1 - turn], None)

    def play(self, item, following, request):
        """Return what one program came to: what it saw, and what set-up and teardown raised."""
        item._initrequest()
        prepare(item, request)
        self.playing = True
        errors = {}
        if self.run_phase(errors, "setup", item.ihook.pytest_runtest_setup, item=item):
            self.run_phase(errors, "call", item.ihook.pytest_runtest_call, item=item)
        self.run_phase(errors, "teardown", item.ihook.pytest_runtest_teardown, item=item, nextitem=following)
        return {"saw": item.saw, "errors": errors, "held": self.sessions.list_held()}

    def run_phase(self, errors, phase, hook, **arguments):
        """Run one phase and say whether it passed; what it raised (kind) is put among the errors."""
        try:
            hook(**arguments)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # pytest.fail() is no Exception
            errors[phase] = type(error).__name__
        return phase not in errors


TEARDOWN_TAKES_ONE = int(pytest.__version__.split(".")[0]) >= 7


class ToldProbe(Probe):
    """Runs programs as cells: with the timeline, the process's state and everything else that a rule may ask for."""

    def pick_items(self, items, cases, repeat):
        """Return an item for each program (its request, where cells have a case), and one that stands behind the last."""
        twins = list(make_twins(items[0], len(cases)))
        for item, request in zip(twins, cases):  # noqa: B905  Python 3.8 knows no strict=
            prepare(item, request)
            item.name = "test_" + request["case"]
        return [*twins, EndItem.from_parent(items[-1].parent, name="end of cells")]
