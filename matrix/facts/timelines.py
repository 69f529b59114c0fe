"""Timelines as they stand on disk: a row of values per event, in which source, kind and phase are places in these lists.

They are half of all facts, and most of their length was these words. Who adds to a list adds at its end.
"""

from __future__ import annotations

from typing import Any

from matrix.facts import JsonObject

TIMELINES = ("timeline", "meant")
SOURCES = ("client", "server")
EVENTS = (
    "connect", "checkout", "begin", "savepoint", "release", "rollback_to", "commit", "rollback", "statement", "implicit_commit", "close", "checkin", "error",
)  # fmt: skip
PHASES = (None, "setup", "call", "teardown")


def pack_timelines(line: JsonObject) -> JsonObject:
    """Return a line of facts with its lists of events as tables."""
    packed = {name: pack_events(line[name]) for name in TIMELINES if line.get(name)}
    return {**line, **packed} if packed else line


def pack_events(events: list[JsonObject]) -> JsonObject:
    """Return events as a table."""
    return {
        "rows": [
            [
                event["at"], event["lane"], event["backend"], SOURCES.index(event["source"]), EVENTS.index(event["event"]), event["text"],
                PHASES.index(event["phase"]),
            ]
            for event in events
        ]
    }  # fmt: skip


def expand_timelines(line: JsonObject) -> JsonObject:
    """Make a list of events of each timeline that was written as a table; returns the line."""
    for name in TIMELINES:
        timeline = line.get(name)
        if isinstance(timeline, dict):
            line[name] = expand_events(timeline["rows"])
    return line


def expand_events(rows: list[list[Any]]) -> list[JsonObject]:
    """Return the events of a table."""
    return [
        {"at": at, "lane": lane, "backend": backend, "source": SOURCES[source], "event": EVENTS[event], "text": text, "phase": PHASES[phase]}
        for at, lane, backend, source, event, text, phase in rows
    ]
