"""Carrying lines over: what is kept goes into the new file of facts, what was not asked for this time is put aside."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from matrix.disk import write_whole
from matrix.facts import JsonObject
from matrix.facts.writing import PLACE, FactsFile
from matrix.keeping.choice import Work
from matrix.keeping.store import ASIDE, Store, StoredCell, is_alive


def list_runs(store: Store, kept: Iterable[StoredCell], run_id: str, started: str) -> dict[str, str]:
    """Return when the runs began that the lines of a file come from, this one included (ISO 8601, UTC)."""
    runs = {cell.run: store.started[cell.run] for cell in kept if cell.run in store.started}
    return {**dict(sorted(runs.items(), key=lambda item: item[1])), run_id: started}


def find_oldest(kept: Iterable[StoredCell], store: Store) -> str | None:
    """Return when the run began that the oldest of these cells comes from."""
    return min((store.started[run] for run in {cell.run for cell in kept} if run in store.started), default=None)


def finish_facts(facts: FactsFile, store: Store, work: Work, members: Collection[tuple[str, str]], footer: JsonObject) -> None:
    """Write what is kept and the footer, and put aside what is on disk of other recipes and cases.

    members: recipe and case of every cell that this run was to have.
    """
    directory, stack = facts.path.parent, facts.path.stem
    put_aside(directory, stack, store, members)
    for line in work.lines:
        facts.write_line(line)
    facts.finish(footer)
    remove_partial(directory, stack)


def rewrite_kept(directory: Path, stack: str, store: Store, work: Work, members: Collection[tuple[str, str]], header: Mapping[str, object]) -> None:
    """Write a file of facts of kept lines alone: a run with another choice than the last has one of its own though nothing had to run."""
    facts = FactsFile(directory / f"{stack}.jsonl", ())
    try:
        facts.write(dict(header))
        finish_facts(facts, store, work, members, {"finished": header["started"], "wall_s": 0.0, "ran": 0, "controls": "behaved", "problems": []})
    finally:
        facts.abandon()


def put_aside(directory: Path, stack: str, store: Store, members: Collection[tuple[str, str]]) -> None:
    """Write what is on disk of a stack beyond this run's own cells into a file that no report reads."""
    path = directory / ASIDE / f"{stack}.jsonl"
    others = [cell for name, cell in store.cells.items() if name not in members]
    if not others or store.header is None:
        path.unlink(missing_ok=True)
        return
    recipes = {recipe for recipe, _ in store.cells.keys() - set(members)} - {recipe for recipe, _ in members}
    lines = [json.dumps({**store.header, "runs": store.started}, separators=(",", ":")).encode()]
    lines += [line for cell in others for line in cell.lines]
    lines += [store.recipes[recipe][2] for recipe in sorted(recipes & store.recipes.keys())]
    write_whole(path, b"\n".join(lines).decode() + "\n", PLACE)


def remove_partial(directory: Path, stack: str) -> None:
    """Remove the files of runs that were killed: what they held is in the whole file now, or aside."""
    for path in directory.glob(f"{stack}.*.partial"):
        if not is_alive(path):
            path.unlink(missing_ok=True)
