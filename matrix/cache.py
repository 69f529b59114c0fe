"""The user's cache: downloads and prepared files that every run may use again."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_dir() -> Path:
    """Return the root of our cache: $XDG_CACHE_HOME or ~/.cache, below it "isolation-matrix"."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(root) if os.path.isabs(root) else Path.home() / ".cache"
    return base / "isolation-matrix"


def place(target: Path, build: Callable[[Path], None]) -> Path:
    """Return the directory `target`, calling `build(draft)` first if it is not there yet.

    Other runs see it whole or not at all, and wait instead of building it twice. When
    `build` raises, nothing is left behind and its exception goes on.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with hold_lock(target.with_name(target.name + ".lock")):
        if target.exists():
            return target
        draft = target.with_name(target.name + ".draft")
        shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed; its lock is gone with it
        draft.mkdir()
        try:
            build(draft)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target


def name_content(*parts: object) -> str:
    """Return a short name for what was made from these parts: other parts, another name."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def unpack(archive: Path, target: Path) -> None:
    """Unpack a tar file whose hash was checked. Early releases of Python 3.11 have no filters: then without."""
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(target, filter="data")
        else:
            tar.extractall(target)  # noqa: S202


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Wait for, then hold, an exclusive lock that the system releases however we end."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
