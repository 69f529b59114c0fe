"""Drops our databases and roles on a server that was given: `python -m matrix.witness.dropping <database> <file of names>`.

A keeper runs it when the run has gone, in order or not; what is gone already is no error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matrix.servers import Server


def main(database_id: str, made: str) -> None:
    """Drop what was noted, with the URL that the run was given."""
    names = Path(made).read_text(encoding="utf-8").split() if Path(made).exists() else []
    if not names:
        return
    from matrix.plan.rows import load_databases
    from matrix.servers.url import connect

    database = load_databases()[database_id]
    server = connect(database, os.environ[database.environment])
    for name in dict.fromkeys(names):
        drop(server, name)


def drop(server: Server, name: str) -> None:
    """Drop a database with everything of its name, and its role."""
    if server.database.kind == "postgresql":
        from matrix.witness.findings import Account
        from matrix.witness.postgresql.account import drop_account

        drop_account(server, Account(server.host, server.port, name, "", name))
        return
    from matrix.witness.mysql import connecting

    connection = connecting.connect(server)
    connecting.drop_account(connection.cursor(), connecting.name_account(server, name))
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
