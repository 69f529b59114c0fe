"""The local way: server programs that are already on the machine."""

from __future__ import annotations

from pathlib import Path

from matrix.plan.rows import Database
from matrix.servers import mysql, postgresql
from matrix.servers.installation import Installation, describe_build, find_programs
from matrix.servers.server import Server, WayUnavailable, is_wanted

NAMES = {"postgresql": ("postgres",), "mysql": ("mysqld",), "mariadb": ("mariadbd", "mysqld")}
PREFIXES = (Path("/usr"), Path("/usr/local"), Path("/usr/local/mysql"), Path("/usr/local/pgsql"), Path("/opt/homebrew"), Path("/opt/local"))


def start(database: Database) -> Server:
    """Return a server of the row's product and major; raise WayUnavailable when none is installed."""
    installation = find(database)
    start_kind = postgresql.start if database.kind == "postgresql" else mysql.start
    return start_kind(database, installation, "local")


def identify(database: Database) -> str:
    """Return the version and the build of the installed programs that would run; raise WayUnavailable when there are none."""
    return describe_build(find(database))


def find(database: Database, places: list[Path] | None = None) -> Installation:
    """Return the first installation that fills the row, on PATH or in the usual places."""
    places = find_places(database) if places is None else places
    seen = []
    for name in NAMES[database.product]:
        for program in find_programs(name, places):
            try:
                installation = describe(database, program)
            except WayUnavailable as reason:
                seen.append(f"{program}: {reason}")
                continue
            if is_wanted(database, installation.product, installation.version):
                return installation
            seen.append(f"{program} is {installation.product} {installation.version}")
    names = " or ".join(NAMES[database.product])
    raise WayUnavailable(f"no {database.title} on this machine: " + ("; ".join(seen) or f"no {names} on PATH or in the usual places"))


def describe(database: Database, program: Path) -> Installation:
    """Return what the program is, asked for its version."""
    read = postgresql.read_version if database.kind == "postgresql" else mysql.read_version
    product, version = read([str(program)])
    return Installation(product, version, program.parent, share=mysql.find_share(program.parent.parent / "share"))


def find_places(database: Database) -> list[Path]:
    """Return the directories where packages put server programs that are not on PATH."""
    places = [prefix / part for prefix in PREFIXES for part in ("sbin", "bin", "libexec")]
    if database.product == "postgresql":
        major = database.major
        places += [
            Path(f"/usr/lib/postgresql/{major}/bin"),
            Path(f"/usr/pgsql-{major}/bin"),
            Path(f"/opt/homebrew/opt/postgresql@{major}/bin"),
            Path(f"/usr/local/opt/postgresql@{major}/bin"),
        ]
    return places
