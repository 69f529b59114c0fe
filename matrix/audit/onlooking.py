"""Witnesses of databases that are somebody else's: they look, and change nothing.

Each also reads a sign, before it looks: a cheap question that can only answer "surely clean" or name what must be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
import pymysql

from matrix.audit.address import Address, hide_password
from matrix.audit.mistakes import AuditFailed
from matrix.audit.mysql import MysqlOnlooker
from matrix.audit.postgresql import PostgresqlOnlooker
from matrix.witness.observing import Observation

Onlooker = PostgresqlOnlooker | MysqlOnlooker


@dataclass
class Seen:
    """A look, and the sign that was read before it: whatever came later shows in the next sign."""

    look: Observation
    sign: Any


def open_onlooker(address: Address) -> Onlooker:
    """Return a witness that only looks. Raises AuditFailed."""
    try:
        return PostgresqlOnlooker(address) if address.kind == "postgresql" else MysqlOnlooker(address)
    except (psycopg.Error, pymysql.Error, ValueError) as error:
        raise AuditFailed(f"the examiner sees nothing of {address.name}: {hide_password(error, address.login[1])}") from None
