"""The witness: the outside examiner of a stack's database.

It has its own connection and driver, proves the baseline before a cell, looks for residue after
it, and restores the baseline in the cheapest way.
"""

from __future__ import annotations

import re

from matrix.servers.server import Server
from matrix.witness.base import PASSING, Witness
from matrix.witness.findings import (
    Account,
    LockWait,
    RepairBlocked,
    RepairFailed,
    Residue,
    Statement,
    WitnessError,
)
from matrix.witness.observing import Observation as Baseline

#: Short enough for a suffix within PostgreSQL's 63 characters.
NAMES = re.compile(r"matrix_[a-z0-9_]{1,49}")

__all__ = [
    "PASSING",
    "Account",
    "Baseline",
    "LockWait",
    "RepairBlocked",
    "RepairFailed",
    "Residue",
    "Statement",
    "Witness",
    "WitnessError",
    "open_witness",
]


def open_witness(server: Server, name: str, password_rounds: int = 1) -> Witness:
    """Create database `name` and an ordinary role that owns it on `server`, and watch it.

    `name` starts with "matrix_" and must not be the beginning of another stack's name on the
    same server: databases called `name...` count as this stack's. An older database of the same
    name is dropped. PostgreSQL hashes the role's password `password_rounds` times. Raises WitnessError.
    """
    if not NAMES.fullmatch(name):
        raise WitnessError(f"database name {name!r} is not 'matrix_' and at most 49 lower-case letters, digits and underscores")
    server.note(name)
    # A family's driver is only needed when such a server is really used.
    if server.database.kind == "postgresql":
        from matrix.witness.postgresql import PostgresqlWitness

        return PostgresqlWitness(server, name, password_rounds)
    from matrix.witness.mysql import MysqlWitness

    return MysqlWitness(server, name)
