"""Locks: what every environment installs, exactly and with hashes.

Each lock's header names the command that makes it and the hash of what it was made from,
so that a row that changed without its lock is found.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matrix.disk import write_whole
from matrix.environments.building import LOCKS, run_uv
from matrix.plan.rows import DEFAULT_PYTHON, Stack, load_stacks
from matrix.servers.directory import open_scratch

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
INPUT = "# Input: sha256:"


@dataclass(frozen=True)
class Lock:
    """One lock file and what it is made from."""

    name: str
    python: str
    requirements: tuple[str, ...]

    @property
    def path(self) -> Path:
        return LOCKS / f"{self.name}.txt"

    @property
    def input(self) -> str:
        """SHA-256 of what the lock is made from, in hexadecimal."""
        text = "\n".join([self.python, *sorted(self.requirements)])
        return hashlib.sha256(text.encode()).hexdigest()


def list_locks(stacks: Iterable[Stack] | None = None) -> list[Lock]:
    """Return every lock there has to be: the instrument's own and one per stack."""
    stacks = load_stacks().values() if stacks is None else stacks
    groups = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["dependency-groups"]
    own = [Lock(name, DEFAULT_PYTHON, _flatten(groups, name)) for name in groups]
    return own + [Lock(stack.id, stack.python, stack.requirements) for stack in stacks]


def write_lock(lock: Lock) -> bool:
    """Resolve a lock to the newest versions that fit and write it; return whether its pins changed.

    Raises EnvironmentFailed when uv cannot resolve it.
    """
    pins = _resolve(lock)
    header = f"# Made by `nox -s lock` for Python {lock.python}; do not edit.\n{INPUT}{lock.input}\n"
    before = lock.path.read_text(encoding="utf-8") if lock.path.exists() else ""
    write_whole(lock.path, header + pins, "the locks")
    return before != header + pins


def find_stale(locks: Iterable[Lock]) -> dict[str, str]:
    """Return why a lock does not belong to its row, by lock name; and files that belong to no row."""
    locks = list(locks)
    stale = {lock.name: reason for lock in locks if (reason := _find_fault(lock))}
    known = {lock.path for lock in locks}
    stale |= {path.stem: "belongs to no row" for path in LOCKS.glob("*.txt") if path not in known}
    return stale


def _find_fault(lock: Lock) -> str | None:
    if not lock.path.exists():
        return "is missing"
    found = re.search(rf"^{INPUT}(\w+)$", lock.path.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        return "has no input hash"
    return None if found[1] == lock.input else "was made from other requirements than its row has now"


def _resolve(lock: Lock) -> str:
    """The lock is for every platform, so that a pull request from another system does not change it."""
    with open_scratch() as scratch:
        wanted = scratch / f"{lock.name}.in"
        wanted.write_text("\n".join(lock.requirements), encoding="utf-8")
        return run_uv(
            "pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header",
            "--universal", "--python-version", lock.python, wanted,
        )  # fmt: skip


def _flatten(groups: dict[str, list[str | dict[str, str]]], name: str) -> tuple[str, ...]:
    """Return a dependency group with the groups that it includes."""
    parts: list[str] = []
    for item in groups[name]:
        parts.extend(_flatten(groups, item["include-group"]) if isinstance(item, dict) else [item])
    return tuple(dict.fromkeys(parts))
