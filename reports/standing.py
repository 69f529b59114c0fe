"""A report that stands: when nothing ran and nothing that it is made from has changed, it is not made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from matrix.disk import write_whole
from matrix.facts import JsonObject
from matrix.run.outcome import RunOutcome
from reports.places import Places
from reports.results.counts import describe_counts

NAME = ".made.json"
PLACE = "the report"
# Everything beside the facts that a page is made from; what only runs cells is not among it.
SOURCES = ("reports", "matrix/judging", "matrix/facts", "matrix/plan", "matrix/bite", "cases", "fixtures")
FILES = ("reports/baseline.json", "reports/bite.json", "reports/explored.json", "matrix/stacks.toml", "matrix/databases.toml")
LEFT_OUT = {"data", "site", "__pycache__", "results.json", "junit.xml"}  # what is made, not what it is made from


def find_standing(places: Places, outcome: RunOutcome, today: date | None = None) -> JsonObject | None:
    """Return what was said when the report on disk was made; None when it has to be made again."""
    if any(ended.ran for ended in outcome.ran.values()) or not places.index.is_file():
        return None
    try:
        made: JsonObject = json.loads((places.site / NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return made if made.get("inputs") == hash_inputs(places, outcome, today) else None


def remember_standing(places: Places, outcome: RunOutcome, results: JsonObject, today: date | None = None) -> None:
    """Note beside the report what it was made from, and what is to be said of it. Raises OSError, DiskFull."""
    summary = results["summary"]
    made = {"inputs": hash_inputs(places, outcome, today), "generated": results["generated"], "run": summary["run"], "sentence": summary["sentence"]}
    write_whole(places.site / NAME, json.dumps(made) + "\n", PLACE)


def tell_standing(made: JsonObject, outcome: RunOutcome, places: Places, console: Console) -> None:
    """Say what was kept, and that the report is as it was."""
    kept = sum(ended.kept for ended in outcome.ran.values())
    oldest = min((ended.oldest for ended in outcome.ran.values() if ended.oldest), default=None)
    console.print(made["run"], highlight=False, markup=False)
    console.print(describe_counts(0, kept, oldest), highlight=False)
    console.print(made["sentence"], highlight=False)
    console.print(f"{len(outcome.ran)} stacks in {outcome.wall_s:.1f} s; as expected; the report of {made['generated']} stands", highlight=False)
    console.print(f"report: {places.index}", highlight=False)


def hash_inputs(places: Places, outcome: RunOutcome, today: date | None = None) -> str:
    """Return the hash of all that a report is made from; the day is part of it, since pages tell ages in days."""
    digest = hashlib.sha256()
    said = [outcome.selection, outcome.recipes, outcome.cases, sorted(outcome.stacks), sorted(outcome.ran), outcome.not_run, outcome.broken]
    digest.update(json.dumps([*said, str(today or datetime.now(UTC).date())]).encode())
    for stack in sorted(outcome.ran):
        state = (places.data / f"{stack}.jsonl").stat()
        digest.update(f"{stack} {state.st_size} {state.st_mtime_ns}\0".encode())
    for path in list_sources(places.root):
        digest.update(f"{path.relative_to(places.root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def list_sources(root: Path) -> Iterator[Path]:
    """Yield the files beside the facts that a report is made from."""
    yield from (root / name for name in FILES if (root / name).is_file())
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix not in (".pyc", ".png") and not LEFT_OUT & set(path.relative_to(root).parts):
                yield path
