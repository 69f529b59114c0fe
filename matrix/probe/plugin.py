"""The pytest plugin that reports each cell to the supervisor and waits for its "go on"."""

import os

import pytest

from matrix.probe.begun import BegunTransactions
from matrix.probe.channel import ChannelClosed
from matrix.probe.dirt import ProcessState, collect_garbage, forget_logs
from matrix.probe.events import Timeline
from matrix.probe.forks import serve_forks
from matrix.probe.idleness import answer_signals
from matrix.probe.notes import Notes
from matrix.probe.sessions import SessionWatch
from matrix.probe.settings import SessionSettings
from matrix.probe.tracebacks import find_ours, format_error, keep_short, shorten_paths

STOP = "stop"
COLLECT = "collect"
# no:capture: children write to files of their own; native: pytest's own tracebacks parse the
# source of every frame, up to 0.2 s for one error inside SQLAlchemy (what remain are those of collecting)
ARGUMENTS = ("-q", "-s", "--no-header", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-rN", "--tb=native", "--import-mode=importlib")


def collect_recipe(channel):
    """Collect the cases of one recipe, fork a child for each series of them; returns pytest's exit code.

    In such a child the same call runs the series and tells the supervisor its end.
    """
    forget_last_collection()
    probe = Probe(channel)
    code = int(pytest.main([channel.request["recipe"], *ARGUMENTS], plugins=[probe, EndOfCells()]))
    try:
        probe.channel.send({"finished": code, "collection_errors": probe.collection_errors})
    except ChannelClosed:
        return 71
    return code


def forget_last_collection():
    """Keep pytest from collecting garbage five times at the end of a process that only ends."""
    from _pytest import unraisableexception

    unraisableexception.gc_collect_harder = lambda *arguments: None


class Probe(object):
    """Between two cells the process stands still, so that the witness can look and repair."""

    #: Whether what wider fixtures did is left out of the timeline of the cell in whose set-up they ran.
    forgets_wider = False

    def __init__(self, channel):
        self.channel = channel
        self.notes = None
        self.config = None
        self.timeline = Timeline()
        self.settings = SessionSettings(os.environ["MATRIX_DATABASE_URL"].partition("+")[0])
        self.process = ProcessState(self.timeline)
        self.begun = BegunTransactions()
        self.sessions = SessionWatch()
        self.collection_errors = []
        self.cell = None
        self.wider_fixtures = False

    # collecting once, forking for every series of cells

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        """Fork children until the supervisor has enough; a child goes on into pytest's own loop."""
        if not session.items:
            return True
        self.config = session.config
        channel = serve_forks(self.channel.request["socket"], self.channel.fileno(), self.channel.send)
        if channel is None:
            return True
        self.channel.close()
        self.channel = channel
        self.notes = Notes(channel.request["notes"])
        answer_signals(channel)
        session.items = self.pick_items(session.items, channel.request["cases"], channel.request["repeat"])
        return None

    def pick_items(self, items, cases, repeat):
        """Return the items of the cases, in their order, and one that stands behind the last."""
        known = {}
        for item in items:
            known.setdefault(name_case(item), item)
        picked = [twin for name in cases if name in known for twin in (known[name], *make_twins(known[name], repeat - 1))]
        return [*picked, EndItem.from_parent(items[-1].parent, name="end of cells")]

    def pytest_collectreport(self, report):
        if report.failed:
            self.collection_errors.append(str(report.longrepr)[-4000:])

    # one cell

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        if isinstance(item, EndItem):
            yield
            return
        self.begin_cell(item)
        yield
        self.end_cell(item)

    def begin_cell(self, item):
        self.cell = {"case": name_case(item), "phases": {"setup": None, "call": None, "teardown": None}, "errors": []}
        self.process.remember()
        keep_short(item)
        self.notes.begin(self.cell["case"], self.timeline.start())

    def end_cell(self, item):
        cell, self.cell = self.cell, None
        cell["duration_s"] = round(self.timeline.stop(), 6)
        cell["work"] = self.timeline.work.stop()
        cell["timeline"] = self.timeline.events
        cell["process"] = self.process.find_dirt() + self.settings.take()
        if self.ask({"ended": cell, "opened": self.notes.end(), "held": self.sessions.list_held(), "carries": self.sessions.has_held()}) == STOP:
            # not shouldstop: pytest would print that with the source of every frame, for 0.2 s of processor time
            item.session.shouldfail = "retired"

    def ask(self, message):
        """Send a message and wait for the supervisor's word; a lost supervisor ends the session."""
        self.channel.send(message)
        say = self.channel.receive()["say"]
        while say == COLLECT:
            forget_logs(self.config)
            collect_garbage()
            self.channel.send({"collected": True})
            say = self.channel.receive()["say"]
        return say

    # its phases

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self):
        self.begin_phase("setup")
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self):
        self.take_baseline()  # of a cell that has no function-scoped fixture
        self.begin_phase("call")
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self):
        self.begin_phase("teardown")
        yield

    def begin_phase(self, phase):
        self.notes.begin_phase(phase, self.timeline.begin_phase(phase))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, call):
        outcome = yield
        report = outcome.get_result()
        self.cell["phases"][report.when] = report.outcome
        if call.excinfo is not None and not report.skipped:
            self.cell["errors"] += [describe_error(error, report) for error in list_errors(call.excinfo.value)]

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef):
        """The baseline of a cell is taken after the wider fixtures and before the first function-scoped one."""
        if self.cell is not None and fixturedef.scope != "function":
            self.wider_fixtures = True
        else:
            self.take_baseline()
        yield

    def take_baseline(self):
        if self.cell is not None and self.wider_fixtures:
            self.wider_fixtures = False
            self.sessions.remember()
            self.ask({"baseline": True, "begun": self.begun.list_backends(), "forget": self.forgets_wider})
            if self.forgets_wider:
                self.timeline.events.clear()
            self.process.remember()


def make_twins(item, count):
    """Return `count` more items of the same case: an item cannot be run twice, its fixtures would not end."""
    name = item.originalname or item.name
    for _ in range(count):
        made = item.ihook.pytest_pycollect_makeitem(collector=item.parent, name=name, obj=getattr(item.parent.obj, name))
        for twin in made if isinstance(made, (list, tuple)) else list(made):
            yield twin


class EndItem(pytest.Item):
    """Stands behind the last case, so that its teardown does not end the wider fixtures as well:

    what they leave is the recipe's own residue, not the last cell's.
    """

    def runtest(self):
        raise AssertionError("the end of the cells is never run")


class EndOfCells(object):
    """Takes the end item out of the ordinary protocol."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        return True if isinstance(item, EndItem) else None


def name_case(item):
    """Return the case's name: `test_commit_twice[a]` is the case `commit_twice[a]`."""
    return item.name[len("test_") :] if item.name.startswith("test_") else item.name


def list_errors(error):
    """Return the exceptions of a group, which pytest 8 makes of several in one teardown; else the exception alone."""
    if not hasattr(error, "exceptions") or "ExceptionGroup" not in type(error).__name__:
        return [error]
    return [one for part in error.exceptions for one in list_errors(part)]


def describe_error(error, report):
    """Return one error of a phase as JSON values; the message is cut at 4,000 characters."""
    kind = type(error)
    ours = find_ours(error.__traceback__)
    return {
        "phase": report.when,
        "type": kind.__name__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__qualname__,
        "message": str(error)[:4000],
        "assertion": issubclass(kind, AssertionError),
        "where": "%s:%d" % (shorten_paths(ours[-1].tb_frame.f_code.co_filename), ours[-1].tb_lineno) if ours else "",
        # from the first frame of ours on, without pytest's
        "traceback": shorten_paths(format_error(error, ours[0] if ours else error.__traceback__))[-6000:],
    }
