"""What the facts on disk hold of a stack: the last run's file, what was put aside, and what killed runs left."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matrix.facts import JsonObject
from matrix.facts.timelines import expand_timelines
from matrix.facts.writing import FORMAT

ASIDE = "aside"
# How every line of a cell and of a recipe begins: it is told from others without being read whole.
LINE = re.compile(
    rb'\{"kind":"(?P<kind>cell|recipe)",(?:"pass":"(?P<pass>first|confirmation)",)?"recipe":"(?P<recipe>[^"\\]+)",(?:"case":"(?P<case>[^"\\]+)",)?'
    rb'"key":"(?P<key>[^"\\]*)","run":"(?P<run>[^"\\]*)"(?:,"agreed":"(?P<agreed>[^"\\]*)")?[,}]'
)


@dataclass
class StoredCell:
    """The lines of one cell, as they are on disk."""

    key: str
    run: str
    agreed: str  # names the baseline's expectation that it was found to meet, and the rules that found it; empty when it did not
    first: bytes
    confirmation: bytes | None = None

    @property
    def lines(self) -> list[bytes]:
        return [self.first] if self.confirmation is None else [self.first, self.confirmation]

    def read(self) -> tuple[JsonObject, JsonObject | None]:
        """Return the facts of its passes."""
        return expand_timelines(json.loads(self.first)), expand_timelines(json.loads(self.confirmation)) if self.confirmation else None


@dataclass
class Store:
    """All lines of one stack that are on disk, the newest of each cell; `header` is that of the last whole file."""

    header: JsonObject | None = None
    started: dict[str, str] = field(default_factory=dict)  # when the runs began that its lines come from
    cells: dict[tuple[str, str], StoredCell] = field(default_factory=dict)
    recipes: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)  # key, run, line
    partial: tuple[Path, ...] = ()


def read_store(directory: Path, stack: str) -> Store:
    """Return what is on disk of a stack: what was put aside, the last whole file, and the files of runs that were killed.

    A line that is cut off or of another version is passed over: its cell has to run again.
    """
    partial = tuple(sorted((path for path in directory.glob(f"{stack}.*.partial") if not is_alive(path)), key=lambda path: path.stat().st_mtime))
    store = Store(partial=partial)
    for path in (directory / ASIDE / f"{stack}.jsonl", directory / f"{stack}.jsonl", *partial):
        add_file(store, path)
    return store


def is_alive(partial: Path) -> bool:
    """Return whether the process that writes a partial file still runs."""
    return os.path.exists(f"/proc/{partial.suffixes[-2].strip('.')}")


def add_file(store: Store, path: Path) -> None:
    """Add the lines of a file; they replace older ones of the same cell."""
    if not path.exists():
        return
    lines = path.read_bytes().split(b"\n")
    if lines and lines[0].startswith(b'{"kind":"header"'):
        try:
            header = json.loads(lines[0])
        except ValueError:  # cut off: nothing follows it
            return
        if header.get("format") != FORMAT:
            return
        store.started |= header.get("runs", {})
        if path.suffix == ".jsonl":
            store.header = header
    for match, line in match_lines(lines[:-1]):
        add_line(store, match, line)


def match_lines(lines: Iterable[bytes]) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """Yield each whole line of a cell or a recipe with what it begins with."""
    for line in lines:
        match = LINE.match(line)
        if match and line.endswith(b"}"):
            yield match, line


def add_line(store: Store, match: re.Match[bytes], line: bytes) -> None:
    """Add one line to what the store holds."""
    said = {name: (value or b"").decode() for name, value in match.groupdict().items()}
    if said["kind"] == "recipe":
        store.recipes[said["recipe"]] = said["key"], said["run"], line
    elif said["pass"] == "first":
        store.cells[said["recipe"], said["case"]] = StoredCell(said["key"], said["run"], said["agreed"], line)
    elif (cell := store.cells.get((said["recipe"], said["case"]))) and cell.run == said["run"]:
        cell.confirmation = line
        cell.agreed = said["agreed"]
