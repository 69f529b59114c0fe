"""What each case catches: reports/bite.json, written by `nox -s bite` and shown on the case's page.

The file carries the hash of what it was measured with, the cases and the mutants, so anybody can check without a
run whether it is stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from matrix.disk import write_whole
from matrix.facts import JsonObject

FORMAT = 1
PLACE = Path("reports", "bite.json")
INPUTS = ("cases/*.py", "tests/mutants/*.ini", "tests/mutants/**/*.py")


class CatchesError(Exception):
    """reports/bite.json cannot be read or is stale; the text says what to do."""


def hash_inputs(root: Path) -> str:
    """Return the hash (16 hexadecimal digits) of the cases and mutants of a checkout, names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in INPUTS for path in root.glob(pattern)):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def write_catches(root: Path, catches: Mapping[str, list[JsonObject]]) -> bool:
    """Write what every case catches ({"mutant", "title", "verdict"} each); return whether the file changed."""
    path = root / PLACE
    document = {"format": FORMAT, "inputs": hash_inputs(root), "cases": dict(sorted(catches.items()))}
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    changed = not path.is_file() or path.read_text(encoding="utf-8") != text
    write_whole(path, text, "what the cases catch")
    return changed


def read_catches(root: Path) -> dict[str, list[JsonObject]]:
    """Return case -> [{"mutant", "title", "verdict"}]; empty without the file. Raises CatchesError for a bad one."""
    path = root / PLACE
    return {case: list(found) for case, found in _read(path)["cases"].items()} if path.is_file() else {}


def check_catches(root: Path) -> None:
    """Raise CatchesError when the file is missing, bad, or was measured with other cases or mutants."""
    path = root / PLACE
    if not path.is_file() or _read(path)["inputs"] != hash_inputs(root):
        raise CatchesError(f"{PLACE.as_posix()} is stale: cases or mutants have changed. Run `nox -s bite`.")


def _read(path: Path) -> JsonObject:
    try:
        document: JsonObject = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise ValueError(f"format is {document['format']}, expected {FORMAT}")
        if not all(isinstance(found["title"], str) and isinstance(found["mutant"], str) for found in _list_catches(document)):
            raise ValueError("titles and mutants are texts")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CatchesError(f"{PLACE.as_posix()}: {type(error).__name__}: {error}. Write it again with `nox -s bite`.") from None
    return document


def _list_catches(document: JsonObject) -> Iterator[JsonObject]:
    return (found for listed in document["cases"].values() for found in listed)
