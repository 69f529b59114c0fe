"""Headers of recipes: the PEP 723 block that says what a recipe needs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from matrix.plan.rows import Stack

DRIVERS = ("sync", "async")
MODES = ("legacy", "future")


class HeaderError(ValueError):
    """A header that cannot be used; the text names file, line and what is expected."""


@dataclass(frozen=True)
class Header:
    """What a recipe needs: of the packages, the driver, the mode and the server."""

    dependencies: tuple[str, ...] = ()
    driver: str | None = None
    modes: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    requires_python: str = ""
    contract: str | None = None  # of a family: the one whose contract and controls it shares

    def join(self, other: Header) -> Header:
        """Return the header that asks for what both ask for."""
        shared = [mode for mode in self.modes if mode in other.modes]
        return Header(
            dependencies=tuple(dict.fromkeys(self.dependencies + other.dependencies)),
            driver=other.driver or self.driver,
            modes=tuple(shared) if self.modes and other.modes else self.modes or other.modes,
            capabilities=tuple(dict.fromkeys(self.capabilities + other.capabilities)),
            requires_python=",".join(filter(None, (self.requires_python, other.requires_python))),
        )


def read_recipe_header(recipe: Path) -> Header:
    """Return a recipe's header joined to that of its family, the conftest.py beside it."""
    family = recipe.with_name("conftest.py")
    own = read_header(recipe)
    return read_header(family).join(own) if family.is_file() else own


def read_header(path: Path) -> Header:
    """Return the header of one file; a file without a block needs nothing.

    Raises HeaderError for a block that is not closed, not TOML, or says what nobody reads.
    """
    start, text = _find_block(path)
    try:
        block = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HeaderError(f"{path}:{_place(start, error)}: the header is not valid TOML: {error}") from error
    ours = block.get("tool", {}).get("isolation-matrix", {})
    fields = _Fields(path, start, text)
    fields.refuse_unknown(block, ("dependencies", "requires-python", "tool"))
    fields.refuse_unknown(ours, ("driver", "mode", "server", "contract"))
    driver = fields.texts(ours, "driver", DRIVERS)
    if len(driver) > 1:
        raise fields.error("driver", "expected one of " + ", ".join(DRIVERS))
    return Header(
        dependencies=fields.requirements(block),
        driver=driver[0] if driver else None,
        modes=fields.texts(ours, "mode", MODES),
        capabilities=fields.texts(ours, "server"),
        requires_python=fields.python(block),
        contract=next(iter(fields.texts(ours, "contract")), None),
    )


def find_unmet(header: Header, packages: Mapping[str, str], stack: Stack, capabilities: Mapping[str, bool]) -> str | None:
    """Return the first need of a header that a stack does not meet, or None.

    packages: installed versions by name; capabilities: what the running server can do.
    """
    if header.driver and (header.driver == "async") != stack.asynchronous:
        has = "asynchronous" if stack.asynchronous else "synchronous"
        return f"needs a driver that is {header.driver}, the stack's {stack.driver} is {has}"
    if header.modes and stack.mode not in header.modes:
        return f"needs mode {' or '.join(header.modes)}, the stack has {stack.mode}"
    if not SpecifierSet(header.requires_python).contains(stack.python):
        return f"needs Python {header.requires_python}, the stack has {stack.python}"
    unmet = (_find_unmet_package(need, packages, stack) for need in header.dependencies)
    return next(filter(None, unmet), None) or _find_unmet_capability(header, capabilities)


def _find_unmet_package(dependency: str, packages: Mapping[str, str], stack: Stack) -> str | None:
    need = Requirement(dependency)
    if need.marker and not need.marker.evaluate({"python_version": stack.python, "python_full_version": f"{stack.python}.0"}):
        return None
    installed = {canonicalize_name(name): version for name, version in packages.items()}
    version = installed.get(canonicalize_name(need.name))
    if version is None:
        return f"needs {need.name}{need.specifier}, the stack does not have it"
    if not need.specifier.contains(version, prereleases=True):
        return f"needs {need.name}{need.specifier}, the stack has {version}"
    return None


def _find_unmet_capability(header: Header, capabilities: Mapping[str, bool]) -> str | None:
    for name in header.capabilities:
        if not capabilities.get(name, False):
            return f"needs a server that can {name.replace('_', ' ')}"
    return None


def _find_block(path: Path) -> tuple[int, str]:
    """Return the line number of the block's first line of content, and its TOML."""
    lines = path.read_text(encoding="utf-8").splitlines()
    opened = [number for number, line in enumerate(lines) if re.fullmatch(r"# /// script\s*", line)]
    if not opened:
        return 1, ""
    if len(opened) > 1:
        raise HeaderError(f"{path}:{opened[1] + 1}: a second '# /// script' block, expected one")
    content: list[str] = []
    for line in lines[opened[0] + 1 :]:
        if line.rstrip() == "# ///":
            return opened[0] + 2, "\n".join(content)
        if line.rstrip() != "#" and not line.startswith("# "):
            break
        content.append(line[2:])
    raise HeaderError(f"{path}:{opened[0] + 1}: the '# /// script' block is not closed by '# ///'")


def _place(start: int, error: tomllib.TOMLDecodeError) -> int:
    found = re.search(r"at line (\d+)", str(error))
    return start + int(found[1]) - 1 if found else start


class _Fields:
    """Reads fields of a block and names file and line when one is wrong."""

    def __init__(self, path: Path, start: int, text: str) -> None:
        self._path, self._start, self._lines = path, start, text.splitlines()

    def error(self, name: str, expected: str) -> HeaderError:
        at = next((n for n, line in enumerate(self._lines) if line.lstrip().startswith(name)), 0)
        return HeaderError(f"{self._path}:{self._start + at}: field {name!r}: {expected}")

    def refuse_unknown(self, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                raise self.error(name, "unknown, expected one of " + ", ".join(known))

    def texts(self, table: Mapping[str, Any], name: str, choices: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = table.get(name, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise self.error(name, "expected a text or a list of texts")
        if choices and not set(values) <= set(choices):
            raise self.error(name, "expected one of " + ", ".join(choices))
        return tuple(values)

    def requirements(self, block: Mapping[str, Any]) -> tuple[str, ...]:
        dependencies = self.texts(block, "dependencies")
        for dependency in dependencies:
            try:
                Requirement(dependency)
            except InvalidRequirement as error:
                raise self.error("dependencies", f"{dependency!r} is not a requirement: {error}") from error
        return dependencies

    def python(self, block: Mapping[str, Any]) -> str:
        value = self.texts(block, "requires-python")
        try:
            return str(SpecifierSet(",".join(value)))
        except InvalidSpecifier as error:
            raise self.error("requires-python", f"is not a version range: {error}") from error
