"""Who runs a server that refuses to be run by root."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from matrix.servers.installation import Installation

NOBODY = 65534
UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")


def choose_account(maps: Path = Path("/proc/self/uid_map")) -> dict[str, Any]:
    """Return how to start a process as another user, in the words of subprocess.Popen.

    Empty when we are not root, or root of a namespace that knows no other user.
    """
    if os.getuid() == 0 and _is_mapped(NOBODY, maps):
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return {}


def leave_root(installation: Installation, account: Mapping[str, Any]) -> Installation:
    """Return the installation so that its programs do not see root: where no account helps, in a user namespace."""
    if os.getuid() != 0 or account:
        return installation
    return replace(installation, loader=(*UNSHARE, *installation.loader))


def give_to(account: Mapping[str, Any], path: Path) -> None:
    """Make the account the owner of `path` and everything below it."""
    if account:
        for directory, _, names in os.walk(path):
            for entry in (directory, *(os.path.join(directory, name) for name in names)):
                os.chown(entry, account["user"], account["group"], follow_symlinks=False)


def _is_mapped(user: int, maps: Path) -> bool:
    if not maps.exists():
        return True
    ranges = [[int(part) for part in line.split()] for line in maps.read_text().splitlines()]
    return any(first <= user < first + count for first, _, count in ranges)
