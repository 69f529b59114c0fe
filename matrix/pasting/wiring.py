"""The wiring of a recipe: the fixtures that it asks for, made for its family and SQLAlchemy line; all of it text, nothing is imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from textwrap import indent

from matrix.pasting.sources import Definition, Imports, Source, find_fixtures, read_source
from matrix.plan.contents import FIXTURES, read_contract

WIRINGS = Path(__file__).parent / "wirings"
EVERY = "every"  # what every contract has
OPENING = """# conftest.py: first what the recipe asks for{marked}, then {recipe} of Isolation Matrix, byte for byte.
# The URL of a database for tests, whose tables are there, stands in the environment variable DATABASE_URL.
"""
MARK = "# change this line:"
PRODUCTION = '''class Production:
    """What the recipe overrides and builds on; the fixtures of a plugin stand below those of a conftest.py."""

{fixtures}


def pytest_configure(config):
    config.pluginmanager.register(Production())
'''


def write_complete(recipe: str, code: str, line: str) -> str | None:
    """Return a recipe (its id and text) below its wiring for a line ("1.3", "1.4 legacy", "1.4 future", "2.0" ...), None where its family has none."""
    wiring = write_wiring(recipe, code, line)
    return None if wiring is None else wiring + code


@cache
def write_wiring(recipe: str, code: str, line: str) -> str | None:
    """Return what stands above the recipe in its complete file."""
    layers = read_layers(recipe, line)
    if not layers:
        return None
    known = {name: definition for layer in layers for name, definition in layer.definitions.items()}
    fixtures = find_fixtures(ast.parse(code))
    chosen = choose_definitions(known, fixtures, [name for layer in layers for name in layer.asked])
    imports = write_imports([layer.imports for layer in layers], {name for definition in chosen for name in definition.names})
    opening = OPENING.format(recipe=recipe, marked=" (one line of it is yours to change)" if MARK in imports else "")
    below = [definition for definition in chosen if definition.name in fixtures]
    parts = [definition.source for definition in chosen if definition not in below]
    if below:
        parts.append(PRODUCTION.format(fixtures="\n\n".join(map(make_method, below))).rstrip())
    return "\n\n\n".join([opening + imports, *parts]) + "\n\n\n"


def list_asked(recipe: str, code: str, line: str) -> list[str]:
    """Return the fixtures of a project that the recipe itself asks for, whose own ones make the wiring needless."""
    known = {name for layer in read_layers(recipe, line) for name in layer.definitions}
    return sorted(known & find_wanted(find_fixtures(ast.parse(code))))


@cache
def read_layers(recipe: str, line: str) -> list[Source]:
    """Return what every contract has, the wiring of the recipe's own and what takes the place of some of it, in that order; none without the second."""
    family, _, name = recipe.partition("/")
    contract = read_contract(FIXTURES / family / "conftest.py")
    if not (WIRINGS / f"{contract}.py").is_file():
        return []
    names = (EVERY, contract, f"{contract}_{re.sub(r'[ .]', '', line.replace(' ', '_'))}", family, f"{family}_{name}")
    paths = [WIRINGS / f"{name}.py" for name in dict.fromkeys(names)]
    return [read_source(path.read_text(encoding="utf-8")) for path in paths if path.is_file()]


def find_wanted(fixtures: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return what fixtures ask of others: not of each other, but of one of their own name that they override."""
    return {asked for name, arguments in fixtures.items() for asked in arguments if asked not in fixtures or asked == name}


def choose_definitions(known: Mapping[str, Definition], fixtures: Mapping[str, tuple[str, ...]], asked: Iterable[str]) -> list[Definition]:
    """Return the definitions that the recipe's fixtures, and what else is asked for, need in the end, in the order of the wiring."""
    wanted = find_wanted(fixtures) | {name for name in asked if name not in fixtures}
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in known and name not in found:
            found.add(name)
            wanted |= {argument for argument in known[name].arguments if argument not in fixtures}
    return [definition for name, definition in known.items() if name in found]


def write_imports(imports: Iterable[Imports], names: set[str]) -> str:
    """Return the imports of these names: the standard library's, those of packages, and the project's, which is marked."""
    groups: list[dict[str, None]] = [{}, {}, {}]
    for statement in (statement for found in imports for statement in found):
        text = statement.write(names)
        if text:
            group = 2 if MARK in text else 0 if statement.module in sys.stdlib_module_names else 1
            groups[group][text] = None
    ordered = [sorted(group, key=lambda text: (text.startswith("from"), text)) for group in groups if group]
    return "\n\n".join("\n".join(group) for group in ordered)


def make_method(definition: Definition) -> str:
    """Return a fixture as the method of a plugin."""
    source = re.sub(r"(def \w+\()(?=(.))", lambda found: found[1] + ("self" if found[2] == ")" else "self, "), definition.source, count=1)
    return indent(source, "    ")
