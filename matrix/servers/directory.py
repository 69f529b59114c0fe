"""The directory of one run of a server: data, socket and log, in memory where the machine has it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "isolation-matrix-"
MEMORY = Path("/dev/shm")
ROOM = 1 << 30  # bytes free that a server's data may need
LONGEST = 60  # characters: a socket's path may have 107 in all
YOUNG = 60.0  # seconds in which a directory without a lock may still be getting one


class RunDirectory:
    """A new directory that is ours while we, or the server's keeper, hold its lock."""

    def __init__(self) -> None:
        base = choose_base()
        remove_stale(base)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        self.path.chmod(0o711)  # a server that runs as another user has to reach what it owns in here
        draft = self.path / "lock.new"
        self._lock = os.open(draft, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        draft.rename(self.path / "lock")

    def remove(self) -> None:
        """Remove what is left of it. May be called again."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


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
