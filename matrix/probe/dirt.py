"""What a cell leaves in its own process: connections, threads, listeners."""

import gc
import sys
import threading
import weakref

import sqlalchemy.event
import sqlalchemy.event.api


class ProcessState(object):
    """Compares this process before and after a cell."""

    def __init__(self, timeline):
        self._timeline = timeline
        self._listeners = ListenerWatch()
        self._before = {}

    def remember(self):
        """Take the state that the next cell must leave unchanged."""
        self._before = self._measure()

    def find_dirt(self):
        """Return what the cell left behind (list of dicts: kind, object, detail, count)."""
        after = self._measure()
        if any(after[kind] > self._before[kind] for kind in after):
            collect_garbage()  # what only a reference cycle keeps alive is garbage, not dirt
            after = self._measure()
        return [
            {"kind": kind, "object": "process", "detail": "%d before, %d after" % (self._before[kind], after[kind]), "count": after[kind] - self._before[kind]}
            for kind in sorted(after)
            if after[kind] > self._before[kind]
        ]

    def _measure(self):
        return {
            "connection_checked_out": self._timeline.count_checked_out(),
            "thread_left": threading.active_count(),
            "listener_left": self._listeners.count(),
        }


def collect_garbage():
    """End what nobody refers to any more but a reference cycle and the last failure's frames, which pytest keeps.

    Its next test would forget these, and what the last one logged, before anything else: see forget_logs.
    """
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        vars(sys).pop(name, None)
    gc.collect()


def forget_logs(config):
    """Forget what a test has logged, as pytest does when the next one begins: a record may hold a connection and frames."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    for name in ("caplog_handler", "report_handler"):
        handler = getattr(plugin, name, None)
        if handler is not None:
            handler.reset()


class ListenerWatch(object):
    """Knows the event listeners of user code whose target is alive (SQLAlchemy's own do not count).

    Projects have thousands of them: whatever is asked after each test costs by what that test added, and not by all that there are.
    """

    def __init__(self):
        self._kept = {}
        self._added = []
        self._listen = sqlalchemy.event.api.listen
        self._remove = sqlalchemy.event.api.remove
        for module in (sqlalchemy.event, sqlalchemy.event.api):
            module.listen = self.listen
            module.remove = self.remove

    def listen(self, target, identifier, fn, *args, **options):
        """Listen as SQLAlchemy does, and remember the target weakly."""
        self._listen(target, identifier, fn, *args, **options)
        if (getattr(fn, "__module__", None) or "").partition(".")[0] != "sqlalchemy":
            key = (id(target), identifier, identify_function(fn))
            if key not in self._kept:
                self._kept[key] = self._refer(target, key)
                self._added.append((key, "%s: %s.%s" % (identifier, getattr(fn, "__module__", "?"), name_function(fn))))

    def _refer(self, target, key):
        """Return what gives the target while it is alive; with it goes what is known of its listener."""
        try:
            return weakref.ref(target, lambda _: self._kept.pop(key, None))
        except TypeError:  # a target that cannot be referred to weakly lives for ever anyway
            return lambda: target

    def remove(self, target, identifier, fn):
        """Remove as SQLAlchemy does, and forget."""
        self._remove(target, identifier, fn)
        self._kept.pop((id(target), identifier, identify_function(fn)), None)

    def forget_added(self):
        """Take what there is as what was there before."""
        self._added = []

    def list_added(self):
        """Return the listeners added since, if they are left on living targets: (id of the target, name, what gives the target)."""
        return [(key[0], place, self._kept[key]) for key, place in self._added if key in self._kept]

    def count(self):
        """Return how many listeners are left on living targets."""
        return len(self._kept)


def identify_function(fn):
    """Return what tells a listener from others, as SQLAlchemy does: a bound method is another object each time it is asked for."""
    own = getattr(fn, "__self__", None)
    return id(fn) if own is None or not hasattr(fn, "__func__") else (id(fn.__func__), id(own))


def name_function(fn):
    """Return what a listener is called: an object that can be called has the name of its class."""
    return getattr(fn, "__qualname__", None) or type(fn).__qualname__
