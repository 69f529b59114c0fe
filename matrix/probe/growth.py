"""What grows in a process of somebody else's tests: connections not returned, threads, listeners."""

import gc
import re
import threading

POOLED = re.compile(r"ThreadPool|asyncio_|AnyIO|anyio|pytest_timeout|execnet|Dummy-|QueueFeeder|QueueManager", re.I)


class Growth(object):
    """What grows in the process from test to test; what grows once, at its first use, is no finding."""

    def __init__(self, timeline, state):
        self._timeline = timeline
        self._state = state
        self._seen = {}
        self._before = (0, set())

    def remember(self):
        """Take the state that the test must leave unchanged."""
        self._before = (self._timeline.count_checked_out(), set(list_threads()))
        self._state._listeners.forget_added()

    def find(self):
        """Return what was left (list of dicts: kind, object, detail, count)."""
        checked_out, threads = self._before
        found = []
        more = self._count_more(checked_out)
        if more > 0:
            found.append({"kind": "connection_checked_out", "object": "pool", "detail": "%d more than before the test" % more, "count": more})
        for thread in set(list_threads()) - threads:
            thread.join(0.2)  # it may be just ending
            if thread.is_alive():
                found.append({"kind": "thread_left", "object": thread.name, "detail": "still running", "count": 1})
        return found + self._find_listeners()

    def _count_more(self, before):
        """Return how many more connections are checked out; what only a reference cycle keeps alive is garbage, mostly young."""
        for generation in (1, 2):
            if self._timeline.count_checked_out() <= before:
                break
            gc.collect(generation)
        return self._timeline.count_checked_out() - before

    def _find_listeners(self):
        """Listeners on what was there before the test and has one of the same name: on what a test makes itself, they go with it."""
        counts, new = {}, []
        for place, name, target in self._state._listeners.list_added():
            new.append((place, name, target))
            known = self._seen.get((place, name))
            if known is not None and known() is not None and known() is target():
                counts[name] = counts.get(name, 0) + 1
        self._seen.update({(place, name): target for place, name, target in new})
        return [{"kind": "listener_left", "object": name, "detail": "added once more by this test", "count": count} for name, count in sorted(counts.items())]


def list_threads():
    """Return the threads that are nobody's pool."""
    return [thread for thread in threading.enumerate() if thread.is_alive() and not POOLED.search(thread.name)]
