"""Program files from the archive that this Debian or Ubuntu machine's apt is configured for.

Downloaded with apt's own signature check into a private root; nothing is installed, and
apt's state on the machine is neither read as "already installed" nor changed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from matrix.cache import cache_dir, open_scratch, place
from matrix.disk import DiskFull, says_full
from matrix.ending.children import run_child
from matrix.servers.server import WayUnavailable

KEYRINGS = Path("/usr/share/keyrings")
UNNEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/perl", "usr/share/perl5", "usr/bin", "var")

DIRECTORIES = {
    "State": "state",
    "State::lists": "lists",
    "State::status": "status",
    "Cache": "cache",
    "Cache::archives": "cache/archives",
    "Cache::pkgcache": "cache/packages",  # container images switch it off; three commands use it here
    "Etc::sourcelist": "sources.list",
    "Etc::sourceparts": "none",
    "Etc::preferences": "none/preferences",
    "Etc::preferencesparts": "none",
}
OPTIONS = (
    "#clear APT::Update;",
    "#clear DPkg;",
    'APT::Sandbox::User "root";',
    'APT::Install-Recommends "false";',
    'APT::Get::AllowUnauthenticated "false";',
    'Acquire::AllowInsecureRepositories "false";',
    'Acquire::GzipIndexes "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
)


@dataclass(frozen=True)
class Archive:
    """One distribution's archive, as this machine's apt reaches it."""

    name: str  # the key of its packages in databases.toml
    paths: tuple[str, ...]  # how the address of a mirror ends
    keyrings: tuple[str, ...]
    components: str
    mirror: str = ""


KNOWN = (
    Archive("debian", ("/debian",), ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp"), "main"),
    Archive("ubuntu", ("/ubuntu", "/ubuntu-ports"), ("ubuntu-archive-keyring.gpg",), "main universe"),
)


def fetch(embedded: Mapping[str, Any]) -> Path:
    """Return a root directory with the packages and all that they depend on, downloaded once."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise WayUnavailable(f"needs {program}: this server is embedded from the archives of Debian and Ubuntu, on their machines only")
    archive, wanted = choose_packages(embedded)
    return place(name_place(archive, wanted), lambda draft: _build(wanted, draft))


def find(embedded: Mapping[str, Any]) -> Path:
    """Return the root directory that was made here; which archive this machine has need not be asked for that."""
    places = [name_place(archive, embedded[archive.name]) for archive in KNOWN if archive.name in embedded]
    return next((made for made in places if made.exists()), places[0])


def name_place(archive: Archive, wanted: Mapping[str, Any]) -> Path:
    """Return the root directory of these packages."""
    return cache_dir() / "programs" / "-".join([archive.name, wanted["suite"], *wanted["packages"]])


def choose_packages(embedded: Mapping[str, Any]) -> tuple[Archive, Mapping[str, Any]]:
    """Return this machine's archive and what is to be taken from it."""
    archive = find_archive()
    wanted = embedded.get(archive.name)
    if wanted is None:
        others = " and ".join(known.name.title() for known in KNOWN if known.name in embedded)
        raise WayUnavailable(f"this machine's apt is configured for {archive.name.title()}, whose archive has no such server; that of {others} has")
    return archive, wanted


def _build(wanted: Mapping[str, Any], draft: Path) -> None:
    with open_scratch(draft) as scratch:
        apt = write_settings(scratch, wanted["suite"])
        run_apt([*apt, "update"], scratch=scratch)
        run_apt([*apt, "install", "--assume-yes", "--download-only", *wanted["packages"]], scratch=scratch)
        plugins = wanted.get("plugins")
        if plugins:  # the package alone: what it depends on is for administrators
            run_apt([*apt, "download", plugins], scratch / "cache" / "archives", scratch)
        for package in sorted(scratch.glob("cache/archives/*.deb")):
            run_apt(["dpkg-deb", "--extract", str(package), str(draft)])
    for part in UNNEEDED:
        shutil.rmtree(draft / part, ignore_errors=True)


def write_settings(scratch: Path, suite: str) -> list[str]:
    """Write a private configuration of apt and return the command that uses it.

    The machine's own settings (proxies, credentials) stay in force; its hooks do not. The
    package status is empty, so the whole closure of dependencies is downloaded.
    """
    for part in ("lists/partial", "cache/archives/partial", "state", "none"):
        (scratch / part).mkdir(parents=True)
    (scratch / "status").touch()
    archive = find_archive()
    (scratch / "sources.list").write_text(f"deb [signed-by={find_keyring(archive)}] {archive.mirror} {suite} {archive.components}\n")
    lines = [f'Dir::{name} "{scratch / path}";' for name, path in DIRECTORIES.items()]
    lines += OPTIONS
    settings = scratch / "apt.conf"
    settings.write_text("\n".join(lines) + "\n")
    return ["apt-get", "--quiet", f"--config-file={settings}"]


def find_archive() -> Archive:
    """Return the distribution's archive in this machine's apt sources, with the address of its mirror."""
    listed = run_apt(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])
    for uri in listed.split():
        for archive in KNOWN:
            if urlsplit(uri).path.rstrip("/").endswith(archive.paths):
                return replace(archive, mirror=uri)
    raise WayUnavailable("this machine's apt is not configured for the archive of Debian or Ubuntu (no source whose address ends in /debian or /ubuntu)")


def find_keyring(archive: Archive) -> Path:
    """Return the keys that sign the archive."""
    for name in archive.keyrings:
        if (KEYRINGS / name).exists():
            return KEYRINGS / name
    raise WayUnavailable(f"the keys of {archive.name.title()}'s archive are not in {KEYRINGS}; install its archive keyring package")


def run_apt(command: Sequence[str], directory: Path = Path("/"), scratch: Path | None = None) -> str:
    """Return the command's output; raise WayUnavailable with its last lines when it fails. What apt leaves when killed is in `scratch`."""
    temporary = {} if scratch is None else {"TMPDIR": str(scratch)}
    done = run_child(command, cwd=directory, env=os.environ | temporary, capture_output=True, stdin=subprocess.DEVNULL, text=True, errors="replace")
    if done.returncode and says_full(done.stderr):
        raise DiskFull("the cache", cache_dir())
    if done.returncode:
        last = done.stderr.strip()[-1500:]
        raise WayUnavailable(f"{shlex.join(command)} failed:\n{last}\nCheck that `apt-get update` works on this machine.")
    output: str = done.stdout
    return output
