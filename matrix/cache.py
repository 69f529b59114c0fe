"""The user's cache: downloads and prepared files that every run may use again."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TextIO

from matrix.disk import name_full_disk
from matrix.ending import stop

LOOK_S = 0.05  # time between two looks for a lock


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
    with name_full_disk("the cache", cache_dir()):
        target.parent.mkdir(parents=True, exist_ok=True)
        with hold_lock(target.with_name(target.name + ".lock")):
            if not target.exists():
                with open_draft(target.with_name(target.name + ".draft")) as draft:
                    build(draft)
                    draft.rename(target)
    return target


@contextmanager
def open_draft(draft: Path) -> Iterator[Path]:
    """Give an empty directory for what is being made, and remove what is left of it at the end."""
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed; its lock is gone with it
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def open_scratch(draft: Path) -> AbstractContextManager[Path]:
    """Give a directory beside the draft of `place`, from which what was downloaded moves into the draft."""
    return open_draft(draft.with_suffix(".scratch"))


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
    """Wait for, then hold, an exclusive lock that the system releases however we end. Raises Stopped while waiting."""
    with path.open("a") as lock:
        while not _take(lock):
            stop.check()
            time.sleep(LOOK_S)
        yield


def _take(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
