"""Python interpreters on this machine, and uv."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from matrix.cache import cache_dir
from matrix.ending.children import run_child


class UvMissing(Exception):
    """uv, which builds the environments, is not on this machine."""


@functools.cache
def find_uv() -> Path:
    """Return uv: the one named by UV, the one beside this Python, or the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    for candidate in (os.environ.get("UV"), beside, shutil.which("uv")):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise UvMissing("uv is not beside this Python nor on PATH; install it with `pip install 'nox[uv]'`")


@functools.cache
def find_interpreter(version: str, fetch: bool = True) -> Path | None:
    """Return an interpreter of a version such as "3.11", fetched by uv if need be and allowed, or None.

    Each candidate is asked for its version: pyenv's shims exist for versions that do not answer.
    """
    sources = [_list_on_path, _list_in_pyenv, _list_fetched] + [_fetch] * fetch
    if version == "{}.{}".format(*sys.version_info):
        return Path(sys.executable).resolve()
    found = (path for source in sources for path in source(version) if _answers(path, version))
    return next(found, None)


def _answers(path: Path, version: str) -> bool:
    question = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        result = run_child([path, "-I", "-c", question], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and result.stdout.strip() == version


def _list_on_path(version: str) -> Iterator[Path]:
    for folder in os.get_exec_path():
        path = Path(folder) / f"python{version}"
        if os.access(path, os.X_OK):
            yield path


def _list_in_pyenv(version: str) -> Iterator[Path]:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [path for path in _glob(root / "versions", f"{version}.*") if path.name.split(".")[2].isdigit()]
    for folder in sorted(folders, key=lambda path: int(path.name.split(".")[2]), reverse=True):
        yield folder / "bin" / f"python{version}"


def _list_fetched(version: str) -> Iterator[Path]:
    places = (_fetched(), Path.home() / ".local" / "share" / "uv" / "python")
    for place in places:
        yield from sorted(_glob(place, f"cpython-{version}.*/bin/python{version}"), reverse=True)


def _glob(folder: Path, pattern: str) -> list[Path]:
    """Return what matches in a folder; nothing of one that cannot be read, as after `su`, which leaves PYENV_ROOT as it was."""
    try:
        return list(folder.glob(pattern))
    except OSError:
        return []


def _fetched() -> Path:
    return cache_dir() / "interpreters"


def _fetch(version: str) -> Iterator[Path]:
    """Let uv fetch an interpreter into our cache; without a network this ends at once."""
    if os.environ.get("UV_PYTHON_DOWNLOADS") in ("never", "manual"):
        return
    variables = {"UV_PYTHON_INSTALL_DIR": str(_fetched()), "UV_HTTP_RETRIES": "0", "UV_HTTP_CONNECT_TIMEOUT": "5"}
    command: list[str | Path] = [find_uv(), "python", "install", "--quiet", "--no-bin", version]
    try:
        run_child(command, env=os.environ | variables, capture_output=True, timeout=300)
    except subprocess.TimeoutExpired:
        return
    yield from _list_fetched(version)
