"""Facts made by hand, for tests of grading: cells, timelines, whole files."""

import hashlib
import json
import re
from pathlib import Path

from matrix.facts.writing import FORMAT
from matrix.judging.causes import Evidence
from matrix.judging.verdicts import judge

STACK = "sa20-psycopg2-postgresql18"
PASSED = {"setup": "passed", "call": "passed", "teardown": "passed"}
ROW = {"kind": "rows_added", "object": "customers", "detail": "1 row", "count": 1, "backend": None, "seen_by": "witness"}
EVENT = re.compile(r"(?P<lane>\d)(?P<phase>[sct])(?P<source>[:>]) ?(?P<text>.*)")
PHASES = {"s": "setup", "c": "call", "t": "teardown"}
SAYS = {"commit", "rollback", "begin", "checkout", "checkin", "close", "connect", "error"}


def make_timeline(*lines: str) -> list[dict]:
    """Make a timeline of lines such as "1c: COMMIT" (the server, lane 1, call) and "1c> commit" (the client).

    "1c> SELECT 1" is a client's statement. One event comes a millisecond after the other.
    """
    return [make_event(number, EVENT.fullmatch(line)) for number, line in enumerate(lines)]


def make_event(number: int, line: re.Match) -> dict:
    text = line["text"]
    event = text if line["source"] == ">" and text in SAYS else "statement"
    return {
        "at": number / 1000, "lane": int(line["lane"]), "backend": 100 + int(line["lane"]),
        "source": "server" if line["source"] == ":" else "client", "event": event,
        "text": "" if event != "statement" else text, "phase": PHASES[line["phase"]],
    }  # fmt: skip


def make_cell(recipe="plain/some_recipe", case="some_case", *, stack=STACK, timeline=(), **facts) -> dict:
    """Make a cell line: clean and finished unless facts say otherwise."""
    return {
        "kind": "cell", "cell": f"{stack}/{recipe}/{case}", "recipe": recipe, "case": case, "pass": "first",
        "phases": PASSED, "errors": [], "unmet": None, "ended": "finished", "hang": None, "crash": None,
        "residue": [], "drift": [], "process": [], "repair": None, "timeline": make_timeline(*timeline), "duration_s": 0.01,
        **facts,
    }  # fmt: skip


def leaking(kind="rows_added", **more) -> dict:
    return {"residue": [{**ROW, "kind": kind, **more}]}


def breaking(message="assert 0 == 1", type="AssertionError", phase="call") -> dict:
    error = {"phase": phase, "type": type, "message": message, "assertion": type == "AssertionError"}
    phases = {**PASSED, phase: "failed", **({"call": None} if phase == "setup" else {})}
    return {"phases": phases, "errors": [error]}


def make_evidence(*timeline: str, product="postgresql", confirmation=None, commits=True, **facts) -> Evidence:
    """Make what a rule reads of one red cell."""
    first = make_cell(timeline=timeline, **facts)
    return Evidence(judge(first, confirmation), product, confirmation, commits)


def make_header(recipes=("plain/some_recipe",), cases=("some_case",), *, stack=STACK, complete=True, **header) -> dict:
    about = {"sha256": "0" * 64, "level": "essential", "theme": "commit", "commits": True}
    return {
        "kind": "header", "format": FORMAT, "run": "run-1",
        "stack": {
            "id": stack, "line": "2.0", "mode": "future", "python": "3.11", "dialect": "postgresql+psycopg2", "driver": "psycopg2-binary",
            "asynchronous": False, "database": {"id": "postgresql18", "product": "postgresql", "major": "18"},
        },
        "versions": {"python": "3.11.7", "implementation": "CPython", "server": "18.6", "packages": {"sqlalchemy": "2.0.58"}},
        "c_extensions": True, "server": {"way": "embedded", "version": "18.6"}, "capabilities": {},
        "selection": {"complete": complete, "recipes": list(recipes), "cases": list(cases)},
        "recipes": {recipe: {"sha256": "0" * 64} for recipe in recipes}, "cases": {case: dict(about) for case in cases},
        "started": "2026-11-21T23:40:00Z", "host": {"cores": 2, "system": "Linux"}, **header,
    }  # fmt: skip


def make_recipe(recipe="plain/some_recipe", **facts) -> dict:
    return {"kind": "recipe", "recipe": recipe, "applies": True, "residue": [], **facts}


def make_lines(header: dict, cells: list[dict], **recipes: dict) -> list[dict]:
    """Make all lines of a file but the footer: every selected recipe applies unless said otherwise."""
    return [header, *cells, *[recipes.get(recipe) or make_recipe(recipe) for recipe in header["selection"]["recipes"]]]


def write_facts(directory: Path, records: list[dict], /, *, name=STACK, **footer) -> Path:
    """Write a file of facts with a true footer, except for what footer says."""
    body = "".join(json.dumps(line) + "\n" for line in records)
    end = {
        "kind": "footer", "lines": len(records), "sha256": hashlib.sha256(body.encode()).hexdigest(), "finished": "2026-11-21T23:41:00Z",
        "wall_s": 1.0, "cells": sum(line["kind"] == "cell" for line in records), "controls": "behaved", "problems": [], **footer,
    }  # fmt: skip
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.jsonl"
    path.write_text(body + json.dumps(end) + "\n")
    return path
