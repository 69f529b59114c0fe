"""What cases ask of the application beside its session, read from their text: not every fixture gives all of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from matrix.facts import JsonObject
from matrix.plan.contents import CASES, Case

#: What a case may ask for, and how that is called where a fixture does not give it.
ASKED = {
    "engine": "needs an engine, and the fixture gives none",
    "new_session": "needs a factory of sessions, and the fixture is not made of one",
}


def split_cases(cases: Iterable[Case], capabilities: dict[str, bool], offers: JsonObject) -> tuple[list[Case], dict[str, str]]:
    """Return the cases that can be run, and by id why others cannot: the server or the driver lacks something, or the fixture does."""
    runnable, left_out = [], {}
    for case in cases:
        lacking = next((f"needs {need.replace('_', ' ')}" for need in case.needs if not capabilities.get(need, False)), None)
        if reason := lacking or find_reason(case, offers):
            left_out[case.id] = reason
        else:
            runnable.append(case)
    return runnable, left_out


def find_reason(case: Case, offers: JsonObject) -> str | None:
    """Return why a case cannot be run through a fixture that offers no more than that; None when it can."""
    asked = read_asked(CASES / f"{case.theme}.py").get(case.id, frozenset())
    return next((reason for name, reason in ASKED.items() if name in asked and not offers[name]), None)


@cache
def read_asked(path: Path) -> dict[str, frozenset[str]]:
    """Return by case of a theme what it asks of the application, itself or through a function of its module."""
    functions = {node.name: node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}
    return {name.removeprefix("test_"): frozenset(list_asked(node, functions)) for name, node in functions.items() if name.startswith("test_")}


def list_asked(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """Yield the attributes of `app` that a function, or one that it calls, reads."""
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "app":
            yield node.attr
        elif isinstance(node, ast.Name) and node.id in functions and node.id != function.name:
            yield from list_asked(functions[node.id], functions)
