"""What a cell leaves in its own process: connections, threads, listeners, a closed event loop."""
import gc
import threading

from sqlalchemy.event import registry


class ProcessState(object):
    """Compares this process before and after a cell."""

    def __init__(self, timeline):
        self._timeline = timeline
        self._before = {}

    def remember(self):
        """Take the state that the next cell must leave unchanged."""
        self._before = self._measure()

    def find_dirt(self):
        """Return what the cell left behind (list of dicts: kind, object, detail, count)."""
        after = self._measure()
        if any(after[kind] > self._before[kind] for kind in after):
            gc.collect()  # what only a reference cycle keeps is garbage, not dirt
            after = self._measure()
        return [
            {"kind": kind, "object": kind, "detail": "%d before, %d after" % (self._before[kind], after[kind]),
             "count": after[kind] - self._before[kind]}
            for kind in sorted(after)
            if after[kind] > self._before[kind]
        ] + self._timeline.take_settings()

    def _measure(self):
        return {
            "connection_checked_out": self._timeline.count_checked_out(),
            "thread_left": threading.active_count(),
            "listener_left": len(registry._key_to_collection),
        }
