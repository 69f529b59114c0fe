"""Writing where the disk may be full: whole or not at all, and one sentence that names the place."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
WORDS = (os.strerror(errno.ENOSPC), "os error 28")  # how other programs, and shutil for a whole tree, say it


class DiskFull(Exception):
    """There is no room left; the text names the place and says what to do."""

    def __init__(self, place: str, path: Path) -> None:
        super().__init__(f"the disk is full: no room left for {place} ({path}). Make room there and run the same command again; what was recorded is kept.")


def is_full(error: OSError) -> bool:
    """Say whether an error means that there is no room left."""
    return error.errno in FULL or says_full(str(error))


def says_full(text: str) -> bool:
    """Say whether a program's output tells of a disk without room."""
    return any(word in text for word in WORDS)


@contextmanager
def name_full_disk(place: str, path: Path) -> Iterator[None]:
    """Turn the error of a full disk into DiskFull, which names the place; other errors go on as they are."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFull(place, path) from error
        raise


def write_whole(path: Path, text: str, place: str) -> None:
    """Write a file so that readers see the old one or the whole new one, its directory made if need be. Raises DiskFull, OSError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    with name_full_disk(place, path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
