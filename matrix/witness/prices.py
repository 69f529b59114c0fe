"""What the server takes for each kind of round trip: the least of several, so that neighbours do not count.

A cell's cost is its processor time and, for every statement that it sent, the price of that kind (matrix/probe/work.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from matrix.witness.capabilities import Connection

ROUNDS = 5
TABLE = "matrix_priced"

Prices = dict[str, float]


def measure_prices(connect: Callable[[], Connection], database: str) -> Prices:
    """Return the seconds that a statement, commit, connect, DDL, TRUNCATE, and CREATE or DROP DATABASE take, as the stack's own role.

    connect: opens a connection that commits by itself. database: a name that is free; it and the table are gone afterwards.
    """
    rounds = [measure_round(connect, database) for _ in range(ROUNDS)]
    return {kind: round(min(found[kind] for found in rounds), 7) for kind in rounds[0]}


def measure_round(connect: Callable[[], Connection], database: str) -> Prices:
    """Return what each kind took once."""
    began = time.perf_counter()
    with closing(connect()) as connection, connection.cursor() as cursor:
        prices = {"connect": time.perf_counter() - began}

        def take(*statements: str) -> float:
            began = time.perf_counter()
            for statement in statements:
                cursor.execute(statement)
            return (time.perf_counter() - began) / len(statements)

        created = take(f"create table {TABLE} (id int)")
        take("begin")
        prices["statement"] = take(*[f"insert into {TABLE} values (1)"] * 4)
        prices["commit"] = take("commit")
        prices["truncate"] = take(f"truncate table {TABLE}")
        prices["ddl"] = (created + take(f"drop table {TABLE}")) / 2
        prices["database"] = take(f"create database {database}", f"drop database {database}")
    return prices
