"""A PostgreSQL of its own for whoever starts this: prints its URL, and ends with its standard input."""

from __future__ import annotations

import sys

from matrix.plan.rows import load_databases
from matrix.servers import start_server


def main() -> None:
    """Serve until nobody holds the other end."""
    server = start_server(load_databases()["postgresql18"], ("embedded", "local", "container"))
    try:
        print(f"postgresql+psycopg2://{server.user}:{server.password}@{server.host}:{server.port}/postgres", flush=True)
        sys.stdin.read()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
