"""reports/explored.json: what the last deep run of `nox -s explore` found, reviewed and committed.

Made from the files in reports/data/explore by an explicit command, stack by stack: a stack that was not explored again
keeps what was said of it, with its own date, and so does a recipe, where the same programs were played in the same versions.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import jsonschema_rs

from matrix import explore
from matrix.disk import write_whole
from matrix.facts import JsonObject

FORMAT = 1
SCHEMA = Path(explore.__file__).parent / "explored.schema.json"
PLACE = Path("reports", "explored.json")
DATA = Path("reports", "data", "explore")
SHOWN_PACKAGES = ("sqlalchemy", "pytest", "pytest-asyncio")
ALIKE = ("depth", "short", "random", "seed", "versions")
REASON = ("cause", "verdict", "program", "count", "step", "operation", "got", "expected", "left", "errors", "ended")
AGAIN = "Delete it and explore the stack again."


class ExploredError(Exception):
    """A result of exploring, or its summary, cannot be used; the text names the file and what to do."""


def accept_explored(root: Path) -> list[str]:
    """Put what the files of the last runs say into the summary; returns the stacks. Raises ExploredError."""
    files = sorted((root / DATA).glob("*.jsonl"))
    found = {path.stem: summarise(read_explored(path)) for path in files}
    runs = {stack: run for stack, run in found.items() if run is not None}
    if not runs:
        raise ExploredError(f"{DATA.as_posix()} has no result of a whole exploration; run `nox -s explore` without --program")
    summary = read_summary(root)
    runs = {stack: keep_others(summary["stacks"].get(stack), run) for stack, run in runs.items()}
    summary["stacks"] = dict(sorted({**summary["stacks"], **runs}.items()))
    summary["date"] = datetime.now(UTC).date().isoformat()
    write_whole(root / PLACE, json.dumps(summary, indent=1, ensure_ascii=False) + "\n", "what exploring found")
    return list(runs)


def keep_others(before: JsonObject | None, run: JsonObject) -> JsonObject:
    """Return the run with the recipes that only an earlier one explored, if that one played the same programs in the same versions."""
    if before is None or any(before.get(name) != run[name] for name in ALIKE):
        return run
    return {**run, "explored": min(before["explored"], run["explored"]), "recipes": dict(sorted({**before["recipes"], **run["recipes"]}.items()))}


def read_summary(root: Path) -> JsonObject:
    """Return the summary; an empty one when nothing was accepted yet. Raises ExploredError for a bad file."""
    path = root / PLACE
    if not path.is_file():
        return {"format": FORMAT, "date": None, "stacks": {}}
    try:
        summary: JsonObject = json.loads(path.read_bytes())
        if summary["format"] != FORMAT:
            raise ValueError(f"format is {summary['format']}, expected {FORMAT}")
        check_summary(summary)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExploredError(f"{path.name}: {type(error).__name__}: {error}. Take the file back from version control.") from None
    return summary


def check_summary(summary: JsonObject) -> None:
    """Raise ValueError, KeyError or TypeError for a summary that pages cannot be made of."""
    for stack in summary["stacks"].values():
        for recipe in stack["recipes"].values():
            for reason in recipe["reasons"]:
                missing = [name for name in REASON if name not in reason]
                if missing:
                    raise ValueError(f"a reason has no {missing[0]!r}")


def read_explored(path: Path) -> list[JsonObject]:
    """Read the lines of one stack's file. Raises ExploredError when it is not whole."""
    raw = path.read_bytes()
    try:
        lines: list[JsonObject] = [json.loads(line) for line in raw.splitlines()]
        footer = lines[-1]
        body = raw[: raw[:-1].rfind(b"\n") + 1]
        whole = footer["kind"] == "footer" and footer["lines"] == len(lines) - 1 and footer["sha256"] == hashlib.sha256(body).hexdigest()
        for number, line in enumerate(lines, 1):
            check_line(path, number, line)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ExploredError(f"{path.name}: {type(error).__name__}: {error}. {AGAIN}") from None
    if not whole or lines[0].get("kind") != "header":
        raise ExploredError(f"{path.name}: the file is cut off, or a line was changed after the run. {AGAIN}")
    return lines


def check_line(path: Path, number: int, line: JsonObject) -> None:
    """Raise ExploredError for a line that explored.schema.json does not allow."""
    try:
        read_schema().validate(line)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(map(str, error.instance_path)) or "the line"
        raise ExploredError(f"{path.name}, line {number}: {where} does not follow explored.schema.json: {error.message[:200]}. {AGAIN}") from None


@cache
def read_schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_bytes()))


def summarise(lines: list[JsonObject]) -> JsonObject | None:
    """Return the summary of one stack, None when only given programs were played."""
    header = lines[0]
    if header["depth"] is None:
        return None
    packages = {name.lower(): version for name, version in header["versions"]["packages"].items()}
    recipes = [line for line in lines if line["kind"] == "recipe" and line["applies"]]
    return {
        "explored": header["started"][:10],
        **{name: header[name] for name in ("depth", "short", "random", "seed", "line", "mode", "product")},
        "versions": {name: packages[name] for name in SHOWN_PACKAGES if name in packages} | {"server": header["versions"]["server"]},
        "recipes": {line["recipe"]: summarise_recipe(line) for line in recipes},
    }


def summarise_recipe(line: JsonObject) -> JsonObject:
    """Return what is kept of one recipe."""
    reasons = [{name: reason[name] for name in REASON} for reason in line["reasons"]]
    kept = {name: line[name] for name in ("programs", "differing", "sha256", "rate")}
    return {**kept, "unsteady": len(line["unsteady"]), "unnamed": line["unnamed"], "reasons": reasons}
