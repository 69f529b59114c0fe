"""Runs inside a stack: loses connections in every way, and prints as JSON which of them SQLAlchemy noticed."""

import json
import os
import sys

sys.path.insert(0, os.environ["MATRIX_ROOT"])

from sqlalchemy import create_engine

from matrix.probe.abilities import does
from matrix.probe.losing import cut_sockets, end_by_server, is_noticed, is_reset_noticed, notice_loss

ENGINE = create_engine(os.environ["MATRIX_DATABASE_URL"])
WAYS = {
    "nothing": lambda engine: is_noticed(engine, lambda connection: None),
    "by the server": lambda engine: is_noticed(engine, lambda connection: end_by_server(engine, connection)),
    "cut": lambda engine: is_noticed(engine, lambda connection: cut_sockets(engine.url.port)),
    "reset": lambda engine: is_reset_noticed(engine, at_once=True),
    "reset while waiting": lambda engine: is_reset_noticed(engine, at_once=False),
    "all": notice_loss,
}

print(json.dumps({name: [does(way, ENGINE) for _ in range(3)] for name, way in WAYS.items()}))
