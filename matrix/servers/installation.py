"""Program files of servers on this machine: finding them, asking them, running what prepares data."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix.disk import DiskFull, says_full
from matrix.ending.children import run_child
from matrix.servers.server import WayUnavailable

LAST_LINES = 15


@dataclass(frozen=True)
class Installation:
    """The program files of one server, and what it takes to run them."""

    product: str
    version: str
    programs: Path  # directory of the programs
    loader: tuple[str, ...] = ()  # goes before each program, e.g. the dynamic loader of a private root
    share: Path | None = None  # messages, character sets, SQL files
    plugins: Path | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command that runs one of its programs."""
        return [*self.loader, str(self.programs / program), *arguments]


def describe_build(installation: Installation) -> str:
    """Return what tells these program files from others: version, place, and size and time of the programs, which every package renews."""
    programs = [path for name in ("postgres", "mysqld", "mariadbd") if (path := installation.programs / name).exists()]
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in programs]
    return f"{installation.product} {installation.version} {installation.programs} {states}"


def find_programs(name: str, places: Sequence[Path]) -> list[Path]:
    """Return the programs of that name on PATH and in `places`, each once."""
    on_path = shutil.which(name)
    candidates = [Path(on_path)] if on_path else []
    candidates += [place / name for place in places if os.access(place / name, os.X_OK)]
    return list(dict.fromkeys(candidate.resolve() for candidate in candidates))


def run(command: Sequence[str], directory: Path, account: Mapping[str, Any] | None = None, **options: Any) -> str:
    """Run a preparing command to its end and return its output; raise WayUnavailable when it fails."""
    try:
        done = run_child(command, cwd=directory, env=make_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options, **(account or {}))
    except OSError as error:
        raise WayUnavailable(f"{shlex.join(command)}: could not be started: {error}") from error
    output: str = done.stdout.decode("utf-8", "replace")
    if done.returncode and says_full(output):
        raise DiskFull("temporary files", directory.parent)
    if done.returncode:
        raise WayUnavailable(f"{shlex.join(command)}: ended with exit code {done.returncode}; its last lines:\n{keep_last(output)}")
    return output


def make_environment() -> dict[str, str]:
    """Return the environment of server programs: nothing of the user's settings, messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def keep_last(text: str) -> str:
    """Return the last lines of a log, indented."""
    return "\n".join("  " + line for line in text.strip().splitlines()[-LAST_LINES:]) or "  (empty)"
