"""A stack's virtual environment: built by uv from its hashed lock, kept in the cache.

Standard library only: the noxfile builds the examiner's own environment with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix.cache import cache_dir, hold_lock
from matrix.disk import DiskFull, name_full_disk, says_full
from matrix.ending.children import run_child
from matrix.environments.interpreters import find_interpreter, find_uv
from matrix.plan.rows import Stack

LOCKS = Path(__file__).parents[1] / "locks"
RECORD = "isolation-matrix.json"


class EnvironmentMissing(Exception):
    """The stack cannot run here, because its interpreter is not on this machine."""

    def __init__(self, stack: str, missing: str) -> None:
        self.stack, self.missing = stack, missing
        self.reason = (
            f"{missing} is not on PATH nor in pyenv's versions, and uv could not fetch it; "
            f"install it, or run `uv python install {missing.removeprefix('python')}` with a network"
        )
        super().__init__(f"{stack}: {self.reason}")


class EnvironmentFailed(Exception):
    """uv could not build an environment; the text has its command and last lines."""


@dataclass(frozen=True)
class Environment:
    """An environment that is ready."""

    python: Path
    seconds: float
    """Wall time that preparing it took now: next to nothing when it was in the cache."""
    built: tuple[str, ...]
    """Packages that this machine compiled, because they exist only as source for it."""
    c_extensions: bool | None
    """Whether SQLAlchemy's C extensions are there; None without SQLAlchemy."""


def prepare_environment(stack: Stack) -> Environment:
    """Return the environment of a stack, built first if the cache does not have it.

    Stacks with the same pins share one. Safe to call from several processes and threads.
    Raises EnvironmentMissing without the interpreter, EnvironmentFailed when uv fails.
    """
    interpreter = find_interpreter(stack.python)
    if interpreter is None:
        raise EnvironmentMissing(stack.id, f"python{stack.python}")
    return build_environment(LOCKS / f"{stack.id}.txt", interpreter, stack.source)


def find_environment(stack: Stack) -> str | None:
    """Return what tells a stack's environment from another: its place, and the packages that are in it now; None when it is not built.

    Builds, fetches and asks nothing beside looking for the interpreter.
    """
    interpreter = find_interpreter(stack.python, fetch=False)
    if interpreter is None:
        return None
    place = cache_dir() / "environments" / _make_key(LOCKS / f"{stack.id}.txt", interpreter)
    if _read_record(place) is None:
        return None
    packages = next((place / "lib").glob("python*/site-packages"))
    return "\n".join([place.name, *sorted(entry.name for entry in os.scandir(packages) if entry.name.endswith(".dist-info"))])


def build_environment(lock: Path, interpreter: Path, source: Sequence[str] = ()) -> Environment:
    """Return the environment of a lock file for one interpreter, built first if it is not in the cache.

    source: the only packages that may be compiled here; any other has to come as a wheel.
    """
    started = time.monotonic()
    place = cache_dir() / "environments" / _make_key(lock, interpreter)
    with name_full_disk("the cache", cache_dir()):
        place.parent.mkdir(parents=True, exist_ok=True)
        with hold_lock(place.with_suffix(".lock")):
            record = _read_record(place)
            if record is None:
                record = _build(place, lock, interpreter, source)
    return Environment(
        python=place / "bin" / "python",
        seconds=time.monotonic() - started,
        built=tuple(record["built"]),
        c_extensions=record["c_extensions"],
    )


def clean_variables(**extra: str) -> dict[str, str]:
    """Return this process's environment variables without those that would change a stack's Python."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
    return {name: value for name, value in os.environ.items() if name not in unwanted} | extra


def run_uv(*arguments: str | Path, **variables: str) -> str:
    """Run uv with our own cache and return what it printed. Raises EnvironmentFailed.

    uv trusts its own certificates. Where a proxy signs with one that only the system knows,
    it is asked again with the system's, which on a bare system do not exist.
    """
    variables.setdefault("UV_PYTHON_DOWNLOADS", "never")
    variables.setdefault("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR") or str(cache_dir() / "uv"))
    command = [str(find_uv()), *map(str, arguments)]
    for more in ({}, {"UV_SYSTEM_CERTS": "true"}):
        result = run_child(command, env=clean_variables(**variables, **more), capture_output=True, text=True)
        if result.returncode == 0:
            output: str = result.stdout
            return output
        if "certificate" not in result.stderr:
            break
    if says_full(result.stderr + result.stdout):
        raise DiskFull("the cache", cache_dir())
    tail = "\n".join((result.stderr or result.stdout).splitlines()[-15:])
    raise EnvironmentFailed(f"uv failed with exit code {result.returncode}\n  command: {' '.join(command)}\n{tail}")


def read_pins(lock: Path) -> list[str]:
    """Return a lock's requirements with their hashes, without comments. Raises EnvironmentFailed."""
    try:
        lines = lock.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise EnvironmentFailed(f"{lock.name}: there is no such lock in {lock.parent.name}/; make it with `nox -s lock`") from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _make_key(lock: Path, interpreter: Path) -> str:
    """Name what an environment depends on: the pins, how source is built, and the interpreter.

    The interpreter's size and time stand for its patch version, which an upgrade changes in place.
    """
    state = interpreter.resolve().stat()
    parts = [*read_pins(lock), *read_pins(LOCKS / "build.txt"), str(interpreter.resolve()), str(state.st_size), str(state.st_mtime_ns)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def _read_record(place: Path) -> Mapping[str, Any] | None:
    """The record is written last, so an environment without one was interrupted."""
    try:
        record: Mapping[str, Any] = json.loads((place / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return record


def _build(place: Path, lock: Path, interpreter: Path, source: Sequence[str]) -> Mapping[str, Any]:
    """Bytecode is left to the first import: compiling all of it takes twice as long as what is ever imported."""
    try:
        return _fill(place, lock, interpreter, source)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _fill(place: Path, lock: Path, interpreter: Path, source: Sequence[str]) -> Mapping[str, Any]:
    shutil.rmtree(place, ignore_errors=True)
    run_uv("venv", "--quiet", "--no-project", "--python", interpreter, place)
    run_uv(
        "pip", "sync", "--quiet", "--require-hashes", "--python", place / "bin" / "python", *_list_build_options(lock, source), lock,
    )  # fmt: skip
    packages = next((place / "lib").glob("python*/site-packages"))
    record = {
        "lock": lock.name,
        "interpreter": str(interpreter),
        "built": _find_built(packages, source),
        "c_extensions": _find_c_extensions(packages),
    }
    partial = place / f"{RECORD}.partial"
    partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
    partial.replace(place / RECORD)
    return record


def _list_build_options(lock: Path, source: Sequence[str]) -> list[str]:
    """Only what a row declares is compiled, and only by tools with the hashes of our lock."""
    if not source:
        return ["--no-build"]
    allowed = [_normalise(name) for name in source]
    names = [pin.partition("==")[0] for pin in read_pins(lock) if "==" in pin]
    return [f"--only-binary={name}" for name in names if name not in allowed] + ["--build-constraints", str(LOCKS / "build.txt"), "--require-build-hashes"]


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _find_built(packages: Path, source: Sequence[str]) -> list[str]:
    """A Linux wheel from an index is tagged manylinux or musllinux; the bare tag is that of a wheel built here."""
    built = []
    for file in sorted(packages.glob("*.dist-info/WHEEL")):
        name = file.parent.name.removesuffix(".dist-info")
        if _normalise(name.rpartition("-")[0]) in map(_normalise, source) and not re.search("many|musl", file.read_text(encoding="utf-8")):
            built.append(name)
    return built


def _find_c_extensions(packages: Path) -> bool | None:
    sqlalchemy = packages / "sqlalchemy"
    return any(sqlalchemy.rglob("*.so")) if sqlalchemy.is_dir() else None
