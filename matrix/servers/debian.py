"""Program files from the Debian archive that this machine's apt is configured for.

Downloaded with apt's own signature check into a private root; nothing is installed, and
apt's state on the machine is neither read as "already installed" nor changed.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from matrix.cache import cache_dir, place
from matrix.servers.server import WayUnavailable

KEYRINGS = (Path("/usr/share/keyrings/debian-archive-keyring.gpg"), Path("/usr/share/keyrings/debian-archive-keyring.pgp"))
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
    "Etc::preferences": "none",
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


def fetch(embedded: Mapping[str, Any]) -> Path:
    """Return a root directory with the packages and all that they depend on, downloaded once."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise WayUnavailable(f"needs {program}: this server is embedded from the Debian archive, on Debian machines only")
    name = "-".join(["debian", embedded["suite"], *embedded["packages"]])
    return place(cache_dir() / "programs" / name, lambda draft: _build(embedded, draft))


def _build(embedded: Mapping[str, Any], draft: Path) -> None:
    with tempfile.TemporaryDirectory(dir=draft.parent) as scratch:
        apt = write_settings(Path(scratch), embedded["suite"])
        run_apt([*apt, "update"])
        run_apt([*apt, "install", "--assume-yes", "--download-only", *embedded["packages"]])
        plugins = embedded.get("plugins")
        if plugins:  # the package alone: what it depends on is for administrators
            run_apt([*apt, "download", plugins], Path(scratch) / "cache" / "archives")
        for package in sorted(Path(scratch).glob("cache/archives/*.deb")):
            run_apt(["dpkg-deb", "--extract", str(package), str(draft)])
    for part in UNNEEDED:
        shutil.rmtree(draft / part, ignore_errors=True)


def write_settings(scratch: Path, suite: str) -> list[str]:
    """Write a private configuration of apt and return the command that uses it.

    The machine's own settings (proxies, credentials) stay in force; its hooks do not. The
    package status is empty, so the whole closure of dependencies is downloaded.
    """
    for part in ("lists/partial", "cache/archives/partial", "state"):
        (scratch / part).mkdir(parents=True)
    (scratch / "status").touch()
    (scratch / "sources.list").write_text(f"deb [signed-by={find_keyring()}] {find_mirror()} {suite} main\n")
    lines = [f'Dir::{name} "{scratch / path}";' for name, path in DIRECTORIES.items()]
    lines += OPTIONS
    settings = scratch / "apt.conf"
    settings.write_text("\n".join(lines) + "\n")
    return ["apt-get", "--quiet", f"--config-file={settings}"]


def find_mirror() -> str:
    """Return the address of the Debian archive in this machine's apt sources."""
    listed = run_apt(["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(RELEASE)", "Created-By: Packages"])
    for line in listed.splitlines():
        uri, *_ = line.split()
        if urlsplit(uri).path.rstrip("/").endswith("/debian"):
            return uri
    raise WayUnavailable("this machine's apt is not configured for a Debian archive (no source whose address ends in /debian)")


def find_keyring() -> Path:
    """Return the keys that sign the Debian archive."""
    for keyring in KEYRINGS:
        if keyring.exists():
            return keyring
    raise WayUnavailable(f"the Debian archive's keys are not on this machine ({KEYRINGS[0]}); install debian-archive-keyring")


def run_apt(command: Sequence[str], directory: Path = Path("/")) -> str:
    """Return the command's output; raise WayUnavailable with its last lines when it fails."""
    done = subprocess.run(command, cwd=directory, capture_output=True, stdin=subprocess.DEVNULL, text=True, errors="replace", check=False)
    if done.returncode:
        last = done.stderr.strip()[-1500:]
        raise WayUnavailable(f"{shlex.join(command)} failed:\n{last}\nCheck that `apt-get update` works on this machine.")
    return done.stdout
