"""`python -m tests.audit.measure_overhead`: the time of a large suite under audit against its own, in turn, on each server."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from matrix.audit.command import Request, audit
from matrix.environments.building import prepare_environment
from matrix.plan.rows import load_databases, load_stacks
from matrix.servers import start_server
from matrix.witness import open_witness
from tests.audit.large_suite import FIXTURES, write_suite

STACKS = {"postgresql18": "sa20-psycopg2-postgresql18", "mysql97": "sa20-pymysql-mysql97", "mariadb118": "sa20-pymysql-mysql97"}
DRIVERS = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}


@dataclass
class Pair:
    """Seconds of one run by itself and of one under audit, and what the audit said of itself."""

    bare_s: float
    audited_s: float
    looking_s: float
    looks: dict[str, int]
    counted: int
    disagreements: list[str]


def run_bare(folder: Path, python: Path, url: str) -> float:
    """Return the seconds of the suite's own run."""
    began = time.perf_counter()
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=folder, env=os.environ | {"DATABASE_URL": url}, check=True, capture_output=True)
    return time.perf_counter() - began


def run_audited(request: Request) -> dict:
    """Audit the suite; returns the audit as JSON values."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        audit(request)
    return json.loads((Path(request.output) / "audit.json").read_text())


def measure(server, folder: Path, python: Path, pairs: int, given: bool) -> list[Pair]:
    """Measure pairs in turn; `given`: as on a server of the user's, else as on a throw-away one."""
    found = []
    for _ in range(pairs):
        with closing(open_witness(server, "matrix_overhead")) as own:
            account = own.account
            url = f"{DRIVERS[server.database.kind]}://{account.user}:{account.password}@{account.host}:{account.port}/{account.database}"
            bare = run_bare(folder, python, url)
            settings = ["PYTHONDONTWRITEBYTECODE=", f"DATABASE_URL={url if given else '{driver_url}'}"]
            request = Request(
                str(folder), set=settings, python=str(python), output=str(folder / "out"), arguments=["-q", "-p", "no:cacheprovider"],
                running=None if given else server,
            )  # fmt: skip
            told = run_audited(request)
        counted = sum(finding["counted"] for finding in told["findings"])
        found.append(Pair(bare, told["duration_s"], told["looking_s"], told["looks"], counted, told["disagreements"] + told["problems"]))
    return found


def main() -> None:
    """Print a line for each server and fixture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", action="append", choices=sorted(STACKS))
    parser.add_argument("--fixture", action="append", choices=sorted(FIXTURES))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--work", type=float, default=0, help="milliseconds that each test works beside the database")
    parser.add_argument("--given", action="store_true", help="as on a server of the user's, which is only read")
    options = parser.parse_args()
    for name in options.server or ("postgresql18", "mysql97"):
        python, server = prepare_environment(load_stacks()[STACKS[name]]).python, start_server(load_databases()[name])
        try:
            for fixture in options.fixture or sorted(FIXTURES):
                with tempfile.TemporaryDirectory() as folder:
                    pairs = measure(server, write_suite(Path(folder) / "suite", fixture, work_ms=options.work), python, options.pairs, options.given)
                tell(name, fixture, pairs)
        finally:
            server.stop()


def tell(server: str, fixture: str, pairs: list[Pair]) -> None:
    ratio = statistics.median(pair.audited_s / pair.bare_s for pair in pairs)
    bare, audited, looking = (statistics.median(getattr(pair, name) for pair in pairs) for name in ("bare_s", "audited_s", "looking_s"))
    print(
        f"{server} {fixture}: {bare:.2f} s by itself, {audited:.2f} s under audit ({looking:.2f} s of it looking): {ratio:.2f} times (median of {len(pairs)})"
    )
    last = pairs[-1]
    print(f"  looks {last.looks}, findings {last.counted}, disagreements and problems {last.disagreements}", flush=True)


if __name__ == "__main__":
    main()
