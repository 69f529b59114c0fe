"""The witness: the outside examiner of a stack's database.

It has its own connection and driver, proves the baseline before a cell, looks for residue after
it, and restores the baseline in the cheapest way.
"""

from __future__ import annotations

from matrix.witness.base import Witness
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

__all__ = [
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


def open_witness(server, name: str) -> Witness:
    """Create database `name` and an ordinary role that owns it on `server`, and watch it.

    `name` starts with "matrix_" and must not be the beginning of another stack's name on the
    same server: databases called `name...` count as this stack's. An older database of the same
    name is dropped. Raises WitnessError.
    """
    if not name.startswith("matrix_"):
        raise WitnessError(f"database name {name!r} does not start with 'matrix_'")
    # A family's driver is only needed when such a server is really used.
    if server.database.kind == "postgresql":
        from matrix.witness.postgresql import PostgresqlWitness

        return PostgresqlWitness(server, name)
    from matrix.witness.mysql import MysqlWitness

    return MysqlWitness(server, name)
