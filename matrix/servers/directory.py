"""The directory of one run of a server: data, socket and log, in memory where the machine has it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matrix.disk import DiskFull, name_full_disk
from matrix.ending import guard
from matrix.ending.guard import MEMORY, PREFIX

TEMPORARY = "temporary files"
ROOM = 1 << 30  # bytes free that a server's data may need
LEAST = 1 << 20  # bytes free below which what goes wrong is the disk's fault
LONGEST = 50  # characters: a socket's path may have 107 in all
YOUNG = 60.0  # seconds in which a directory without a lock may still be getting one


class RunDirectory:
    """A new directory that is ours while we, or the server's keeper, hold its lock. Raises DiskFull."""

    def __init__(self, base: Path | None = None) -> None:
        base = base or choose_base()
        mark = guard.call()  # from its name the guard knows what to remove when we are killed
        remove_stale(base)
        self._lock = -1
        with name_full_disk(TEMPORARY, base):
            self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{mark}-", dir=base))
            try:
                self._take()
            except BaseException:
                self.remove()
                raise

    def _take(self) -> None:
        self.path.chmod(0o711)  # a server that runs as another user has to reach what it owns in here
        draft = self.path / "lock.new"
        self._lock = os.open(draft, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        draft.rename(self.path / "lock")

    def check_room(self) -> None:
        """Raise DiskFull when there is no room left: then what a server in here answers means nothing."""
        if shutil.disk_usage(self.path).free < LEAST:
            raise DiskFull(TEMPORARY, self.path.parent)

    def remove(self) -> None:
        """Remove what is left of it. May be called again."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@contextmanager
def open_scratch() -> Iterator[Path]:
    """Give a directory for files that nobody needs later; it goes however we end. Raises DiskFull, also for what the block writes."""
    base = Path(tempfile.gettempdir())
    directory = RunDirectory(base)
    try:
        with name_full_disk(TEMPORARY, base):
            yield directory.path
    finally:
        directory.remove()


def choose_base() -> Path:
    """Return the directory for run directories: memory if there is room, else a short temporary one."""
    if _is_in_memory(MEMORY) and shutil.disk_usage(MEMORY).free >= ROOM and os.access(MEMORY, os.W_OK | os.X_OK):
        return MEMORY
    base = Path(tempfile.gettempdir())
    return base if len(str(base)) <= LONGEST else Path("/tmp")


def remove_stale(base: Path) -> None:
    """Remove our user's run directories that nobody holds any more: their keeper was killed too."""
    for path in base.glob(PREFIX + "*"):
        try:
            if path.stat().st_uid == os.getuid() and _is_stale(path):
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue  # another run removes it at this moment


def _is_stale(path: Path) -> bool:
    try:
        lock = os.open(path / "lock", os.O_RDWR)
    except FileNotFoundError:
        return time.time() - path.stat().st_mtime > YOUNG
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _is_in_memory(path: Path) -> bool:
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return False
    return any(line.split()[1:3] == [str(path), "tmpfs"] for line in mounts)
