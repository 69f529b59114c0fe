"""A container ends with the run that started it, even when that run is killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.servers.test_containers import engine, find_image  # noqa: F401  (engine is a fixture)

ROOT = Path(__file__).parents[2]
SOON = 20.0  # seconds in which the keeper must have removed the container
START = """
import time
from matrix.plan.rows import load_databases
from matrix.servers import start_server
server = start_server(load_databases()["postgresql18"], ("container",))
print(server.password, flush=True)
time.sleep(60)
"""


def test_a_killed_run_leaves_no_container(engine):  # noqa: F811
    variables = os.environ | {"MATRIX_POSTGRESQL18_IMAGE": find_image(engine, "postgresql18")}
    with subprocess.Popen([sys.executable, "-c", START], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=variables) as run:
        password = run.stdout.readline().strip()
        (container,) = [one for one in engine.containers.list() if f"POSTGRES_PASSWORD={password}" in one.attrs["Config"]["Env"]]
        assert container.status == "running"
        place = Path(container.labels["isolation-matrix"])
        assert place.exists()
        run.kill()
    deadline = time.monotonic() + SOON
    while place.exists() or container.id in {one.id for one in engine.containers.list(all=True)}:
        assert time.monotonic() < deadline, "the container is still there"
        time.sleep(0.1)
