"""The probes of a project's own process: of cases, and of programs, quickly or with all that a cell's facts hold.

Their forks have connections of their own, whatever the project opened while it was collected.
"""

from matrix.probe.exploring import QuickProbe, ToldProbe
from matrix.probe.inherited import InheritedPools
from matrix.probe.plugin import Probe


class ProjectProbe(Probe):
    """Runs cases on the project's fixture."""

    def __init__(self, channel):
        super().__init__(channel)
        self.pools = InheritedPools()

    def pytest_collection_finish(self, session):
        self.pools.remember()
        if self.timeline.count_checked_out():
            self.collection_errors.append("a database connection is in use while tests are collected: processes that are forked would share it")
            session.items[:] = []

    def pick_items(self, items, cases, repeat):
        """Return the items of the cases; this is the first thing that a fork does."""
        self.pools.renew()
        return super().pick_items(items, cases, repeat)


class ToldProjectProbe(ProjectProbe, ToldProbe):
    """Runs programs as cells are run."""


class QuickProjectProbe(QuickProbe):
    """Runs one program after another. That no connection is in use at collecting was seen when the cases ran."""

    def __init__(self, channel):
        super().__init__(channel)
        self.pools = InheritedPools()

    def pytest_collection_finish(self, session):
        self.pools.remember()

    def play_all(self, session):
        """Play programs until there are no more; this is the first thing that a fork does."""
        self.pools.renew()
        super().play_all(session)
