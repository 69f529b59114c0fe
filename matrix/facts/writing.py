"""The facts of one stack's run: a header, a line per recipe and cell, and a footer that proves it whole."""

import hashlib
import json
import os
from pathlib import Path

from matrix.disk import name_full_disk, write_whole
from matrix.facts import JsonObject
from matrix.facts.timelines import pack_timelines

FORMAT = 2
PLACE = "the facts"


class FactsFile:
    """Writes `reports/data/<stack>.jsonl`; what is recorded survives a crash of the run as `.partial`."""

    def __init__(self, path: Path, secrets: tuple[str, ...]) -> None:
        self.path = path
        self._partial = path.with_suffix(f".{os.getpid()}.partial")  # two runs at a time must not mix their lines
        self._secrets = tuple(secret for secret in secrets if secret)
        self._digest = hashlib.sha256()
        self._lines = 0
        self._cells = 0
        with name_full_disk(PLACE, path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._partial.open("wb")

    def write(self, line: JsonObject) -> None:
        """Append one line (JSON object) and hand it to the operating system at once."""
        data = self._hide_secrets(json.dumps(pack_timelines(line), separators=(",", ":"))).encode() + b"\n"
        self._digest.update(data)
        self._lines += 1
        self._cells += line["kind"] == "cell"
        with name_full_disk(PLACE, self.path.parent):
            self._file.write(data)
            self._file.flush()

    def write_line(self, data: bytes) -> None:
        """Append a line as an earlier run wrote it (JSON, without its end), to be handed on with the next one written."""
        self._digest.update(data + b"\n")
        self._lines += 1
        self._cells += data.startswith(b'{"kind":"cell"')
        with name_full_disk(PLACE, self.path.parent):
            self._file.write(data + b"\n")

    def _hide_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def finish(self, footer: JsonObject) -> None:
        """Write the footer and put the file in place in one step, so that a reader never sees half of it."""
        last = {"kind": "footer", "lines": self._lines, "cells": self._cells, "sha256": self._digest.hexdigest(), **footer}
        with name_full_disk(PLACE, self.path.parent):
            self._file.write(json.dumps(last).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self.path)

    def abandon(self) -> None:
        """Close the file as it is: a partial file is never read as a result."""
        try:
            self._file.close()
        except OSError:
            pass  # what a full disk did not take has been told


def write_not_run(directory: Path, stack_id: str, reason: str, missing: str) -> None:
    """Record that a stack did not run and what was missing."""
    text = json.dumps({"stack": stack_id, "reason": reason, "missing": missing}, indent=2)
    write_whole(directory / f"{stack_id}.notrun.json", text + "\n", PLACE)


def forget_reason(directory: Path, stack_id: str) -> None:
    """Remove what an earlier run said of why a stack did not run: an old reason must not pass for a new one."""
    (directory / f"{stack_id}.notrun.json").unlink(missing_ok=True)
