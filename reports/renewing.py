"""Putting a new report in the place of an old one, only once it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matrix.disk import name_full_disk
from matrix.ending import guard, stop


@contextmanager
def renew(directory: Path, place: str) -> Iterator[Path]:
    """Give a draft for what a directory is to hold; its entries replace those of the same name once all are there.

    The draft is inside the directory, which may be a file system of its own. Raises DiskFull, OSError.
    """
    draft = directory / f"{guard.PREFIX}{guard.call()}-draft"
    guard.watch(directory)
    with name_full_disk(place, directory):
        draft.mkdir(parents=True)
        try:
            yield draft
            with stop.hold():
                for entry in draft.iterdir():
                    _replace(entry, directory / entry.name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _replace(entry: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    entry.replace(target)
