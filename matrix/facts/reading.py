"""Read the facts of stacks from reports/data/, or say exactly what is wrong with a file.

A file that is cut off, edited, duplicated or in contradiction with itself is refused as a whole:
a report that silently became smaller would be read as a better one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import jsonschema_rs
import orjson

from matrix.facts import JsonObject
from matrix.facts.consistency import find_contradiction
from matrix.facts.timelines import expand_timelines

SCHEMA = Path(__file__).with_name("facts.schema.json")


class FactsError(Exception):
    """A file of facts cannot be trusted; the text names file, line and what to do."""

    def __init__(self, path: Path, line: int | None, what: str):
        place = f"{path.name}, line {line}" if line else path.name
        self.path, self.line, self.what = path, line, what
        super().__init__(
            f'{place}: {what}. Do not repair the file by hand: delete {path} and run the stack again with nox -s "stack({path.name.split(".")[0]})"'
        )

    def __reduce__(self) -> tuple[type[FactsError], tuple[Path, int | None, str]]:
        """It goes from one process to another: files are read on all cores."""
        return FactsError, (self.path, self.line, self.what)


@dataclass(frozen=True)
class CellFacts:
    """The facts of one cell: its first pass and, when that was not clean, its confirmation."""

    id: str
    recipe: str
    case: str
    first: JsonObject
    confirmation: JsonObject | None = None


@dataclass(frozen=True)
class StackFacts:
    """All that one file of facts says about one stack."""

    path: Path
    header: JsonObject
    footer: JsonObject
    recipes: dict[str, JsonObject] = field(default_factory=dict)
    cells: tuple[CellFacts, ...] = ()

    @property
    def stack(self) -> str:
        return str(self.header["stack"]["id"])

    @property
    def run(self) -> str:
        return str(self.header["run"])


def list_stacks(directory: Path) -> list[str]:
    """Return the ids of the stacks that have a file of facts in a directory."""
    return sorted(path.stem for path in directory.glob("*.jsonl"))


def load_facts(directory: Path) -> dict[str, StackFacts]:
    """Read every <stack>.jsonl of a directory, by stack id. Raises FactsError for the first bad file."""
    return {stack: load_stack(directory / f"{stack}.jsonl") for stack in list_stacks(directory)}


def load_not_run(directory: Path) -> dict[str, JsonObject]:
    """Read every <stack>.notrun.json: stack id -> {"stack", "reason", "missing"}. Raises FactsError."""
    found = {}
    for path in sorted(directory.glob("*.notrun.json")):
        try:
            record = json.loads(path.read_bytes())
        except ValueError as error:
            raise FactsError(path, None, f"this is not JSON ({error})") from None
        if not isinstance(record, dict) or not isinstance(record.get("reason"), str):
            raise FactsError(path, None, "a record of a stack that did not run needs a 'reason'")
        found[path.name.removesuffix(".notrun.json")] = record
    return found


def load_stack(path: Path) -> StackFacts:
    """Read one file of facts. Raises FactsError when it is not whole, not ours, or contradicts itself."""
    raw = path.read_bytes()
    records = read_records(path, raw)
    check_footer(path, raw, records)
    problem = find_contradiction(path.stem, records)
    if problem:
        raise FactsError(path, *problem)
    return assemble(path, records)


def read_records(path: Path, raw: bytes) -> list[JsonObject]:
    """Parse and validate every line; record i is on line i + 1."""
    if not raw:
        raise FactsError(path, None, "the file is empty")
    if not raw.endswith(b"\n"):
        raise FactsError(path, raw.count(b"\n") + 1, "the last line is cut off")
    records = []
    for number, line in enumerate(raw.split(b"\n")[:-1], 1):
        try:
            record = parse(line)
        except ValueError as error:
            raise FactsError(path, number, f"this is not JSON ({error})") from None
        check_record(path, number, record)
        records.append(expand_timelines(record))
    return records


def parse(line: bytes) -> JsonObject:
    """Parse a line. What a server or a driver said that is no Unicode stands there as lone surrogates, which nothing can show: "?" instead."""
    try:
        record: JsonObject = orjson.loads(line)
    except orjson.JSONDecodeError:
        record = orjson.loads(json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8", "replace"))
    return record


def check_record(path: Path, number: int, record: JsonObject) -> None:
    try:
        facts_validator().validate(record)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(map(str, error.instance_path)) or "the line"
        raise FactsError(path, number, f"{where} does not follow facts.schema.json: {error.message[:200]}") from None


def check_footer(path: Path, raw: bytes, records: list[JsonObject]) -> None:
    """The footer must be the last line and agree with every byte before it."""
    footer = records[-1]
    if footer["kind"] != "footer":
        raise FactsError(path, len(records), "the footer is missing, so the run did not end or the file is cut off")
    body = raw[: raw[:-1].rfind(b"\n") + 1]
    if footer["lines"] != len(records) - 1:
        what = f"the footer counts {footer['lines']} lines before it, the file has {len(records) - 1}"
        raise FactsError(path, len(records), what)
    if footer["sha256"] != hashlib.sha256(body).hexdigest():
        raise FactsError(path, len(records), "the footer's hash does not match: a line was changed after the run")


def assemble(path: Path, records: list[JsonObject]) -> StackFacts:
    passes: dict[tuple[str, str], JsonObject] = {}
    for record in records:
        if record["kind"] == "cell":
            passes.setdefault((record["recipe"], record["case"]), {})[record["pass"]] = record
    cells = tuple(CellFacts(both["first"]["cell"], recipe, case, both["first"], both.get("confirmation")) for (recipe, case), both in passes.items())
    recipes = {record["recipe"]: record for record in records if record["kind"] == "recipe"}
    return StackFacts(path, records[0], records[-1], recipes, cells)


@lru_cache(maxsize=1)
def facts_validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_bytes()))
