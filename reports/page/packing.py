"""The details of a stack's cells as the page gets them: what repeats is there once.

Many timelines of a stack are the same but for their times and the numbers of the server's processes, and tracebacks
share most of their lines. So every event without these, every timeline of such events, every line, and every value of
a field has a place in a table, and a cell is a list of places, its times, and the server process of each lane.
`static/details.js` undoes it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import orjson

from matrix.facts import JsonObject
from reports.page.embedding import render_script

# What a cell has, beside times and processes; the first value of each table is what most cells have.
FIELDS: dict[str, Any] = {
    "timeline": [], "proof": None, "reason": "", "phases": {"setup": "passed", "call": "passed", "teardown": "passed"}, "errors": [], "residue": [],
    "repair": None, "drift": [], "process": [], "pass": "first", "ended": "finished", "hang": None, "crash": None, "passes": [],
}  # fmt: skip
# Of residue: what differs from run to run is left out, of drift all that no page shows.
SHOWN = {"residue": ("kind", "object", "detail", "count", "seen_by"), "process": ("kind", "object", "detail", "count", "seen_by"), "drift": ("kind", "object")}
TICKS = 10_000  # per second: the page shows tenths of milliseconds


@dataclass(frozen=True)
class Details:
    """script: for the page; told: the details, as they are, of the cells that stories tell of."""

    script: str
    told: JsonObject


class Table:
    """Values, each kept once."""

    def __init__(self, *first: Any) -> None:
        self.values: list[Any] = []
        self._places: dict[Hashable, int] = {}
        for value in first:
            self.place(value)

    def place(self, value: Any) -> int:
        return self.place_as(orjson.dumps(value), value)

    def place_as(self, key: Hashable, value: Any) -> int:
        place = self._places.setdefault(key, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


@dataclass(frozen=True)
class Tables:
    """All tables of a stack."""

    fields: Mapping[str, Table] = field(default_factory=lambda: {name: Table(first) for name, first in FIELDS.items()})
    events: Table = field(default_factory=Table)
    lines: Table = field(default_factory=Table)


def pack_details(details: JsonObject, told: Set[str] = frozenset()) -> Details:
    """Return the details of one stack, packed. told: ids of cells that stories tell of."""
    tables = Tables()
    cells = {recipe: {case: pack_cell(detail, tables) for case, detail in cases.items()} for recipe, cases in details["cells"].items()}
    packed = {
        "fields": list(FIELDS), "tables": [table.values for table in tables.fields.values()],
        "events": tables.events.values, "lines": tables.lines.values, "cells": cells, "recipes": details["recipes"],
    }  # fmt: skip
    return Details(render_script("details", details["stack"], packed), {"cells": dict(find_told(details, told))})


def pack_cell(detail: JsonObject, tables: Tables) -> list[Any]:
    """[places of the fields' values, [duration and times in ticks, each since the one before], [lane, its server process, ...]]"""
    timeline = detail["timeline"]
    places = [place_field(name, detail[name], tables) for name in FIELDS]
    while places and not places[-1]:
        places.pop()
    return [places, [round(detail["duration_s"] * TICKS), *list_steps(timeline)], list_processes(timeline)]


def place_field(name: str, value: Any, tables: Tables) -> int:
    table = tables.fields[name]
    if name == "timeline":
        events = tuple(place_event(event, tables.events) for event in value)
        return table.place_as(events, events) if events else 0
    if name == "errors":
        value = [{**error, "traceback": [tables.lines.place_as(line, line) for line in (error.get("traceback") or "").split("\n")]} for error in value]
    elif name == "proof" and value:
        value = [value["timeline"], value["text"]]
    elif name in SHOWN:
        value = [{key: found[key] for key in SHOWN[name] if key in found} for found in value]
    return table.place(value)


def place_event(event: JsonObject, events: Table) -> int:
    shown = (event["lane"], event["source"], event["event"], event.get("text"), event.get("phase"))
    return events.place_as(shown, shown)


def list_steps(timeline: list[JsonObject]) -> Iterator[int]:
    before = 0
    for event in timeline:
        now = round(event["at"] * TICKS)
        yield now - before
        before = now


def list_processes(timeline: list[JsonObject]) -> list[int]:
    processes = {event["lane"]: event["backend"] for event in timeline if event.get("backend")}
    return [number for pair in processes.items() for number in pair]


def find_told(details: JsonObject, told: Set[str]) -> Iterator[tuple[str, JsonObject]]:
    """Yield by recipe the details of the cells that stories tell of."""
    for recipe, cases in details["cells"].items():
        found = {case: detail for case, detail in cases.items() if f"{details['stack']}/{recipe}/{case}" in told}
        if found:
            yield recipe, found
