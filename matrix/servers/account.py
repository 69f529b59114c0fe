"""Who runs PostgreSQL, which refuses to be run by root and by users without a name."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from matrix.servers.installation import Installation

NOBODY = 65534
UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")


def choose_account(maps: Path = Path("/proc/self/uid_map")) -> dict[str, Any]:
    """Return how to start a process as another user, in the words of subprocess.Popen.

    Empty when we are not root, or root of a namespace that knows no other user.
    """
    if os.getuid() == 0 and _is_mapped(NOBODY, maps):
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return {}


def disguise(installation: Installation, account: Mapping[str, Any]) -> Installation:
    """Return the installation so that PostgreSQL accepts who runs it: neither root nor a user without a name.

    Where no account helps, its programs run in a user namespace, in which we appear as nobody.
    """
    if account or (os.getuid() != 0 and _has_name(os.getuid())):
        return installation
    return replace(installation, loader=(*UNSHARE, *installation.loader))


def give_to(account: Mapping[str, Any], path: Path) -> None:
    """Make the account the owner of `path` and everything below it."""
    if account:
        for directory, _, names in os.walk(path):
            for entry in (directory, *(os.path.join(directory, name) for name in names)):
                os.chown(entry, account["user"], account["group"], follow_symlinks=False)


def _has_name(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user))
    except KeyError:
        return False


def _is_mapped(user: int, maps: Path) -> bool:
    if not maps.exists():
        return True
    ranges = [[int(part) for part in line.split()] for line in maps.read_text().splitlines()]
    return any(first <= user < first + count for first, _, count in ranges)
