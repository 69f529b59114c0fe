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
    """Counts the event listeners of user code whose target is alive (SQLAlchemy's own do not count)."""

    def __init__(self):
        self._kept = {}
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
            place = "%s: %s.%s" % (identifier, getattr(fn, "__module__", "?"), name_function(fn))
            try:
                self._kept[key] = (weakref.ref(target), place)
            except TypeError:  # a target that cannot be referred to weakly lives for ever anyway
                self._kept[key] = (lambda target=target: target, place)

    def remove(self, target, identifier, fn):
        """Remove as SQLAlchemy does, and forget."""
        self._remove(target, identifier, fn)
        self._kept.pop((id(target), identifier, identify_function(fn)), None)

    def list_places(self):
        """Return the listeners that are left on living targets: who they are, and what they are called (str)."""
        self._forget_gone()
        return [(key, place) for key, (_, place) in self._kept.items()]

    def refer(self, key):
        """Return what gives the target of a listener that is left, or None once it is gone."""
        return self._kept[key][0]

    def count(self):
        """Return how many listeners are left on living targets."""
        self._forget_gone()
        return len(self._kept)

    def _forget_gone(self):
        self._kept = {key: kept for key, kept in self._kept.items() if kept[0]() is not None}


def identify_function(fn):
    """Return what tells a listener from others, as SQLAlchemy does: a bound method is another object each time it is asked for."""
    own = getattr(fn, "__self__", None)
    return id(fn) if own is None or not hasattr(fn, "__func__") else (id(fn.__func__), id(own))


def name_function(fn):
    """Return what a listener is called: an object that can be called has the name of its class."""
    return getattr(fn, "__qualname__", None) or type(fn).__qualname__
