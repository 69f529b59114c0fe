"""A unit of work in a server process of its own: what a fixture injects in the test's process does not reach it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from matrix.environments.building import prepare_environment
from matrix.plan.contents import FIXTURES
from matrix.plan.rows import load_stacks
from matrix.supervisor.account import name_database, stack_environment
from matrix.witness import Witness, open_witness

STACK = "sa20-psycopg2-postgresql18-flask"
DDL = "import json, os; from cases.sample import ddl; print(json.dumps(ddl(os.environ['MATRIX_DATABASE_URL'])))"
SERVER = """
import conftest
from cases.sample import Customer
from werkzeug.serving import make_server


class AddCustomer(dict):
    def pop(self, name):
        def work(session):
            session.add(Customer(name=name))
            session.commit()

        return work


app = conftest.Application(conftest.SqlAlchemyUnitOfWork, conftest.DEFAULT_SESSION_FACTORY.kw["bind"])
app.waiting = AddCustomer()
server = make_server("127.0.0.1", 0, app.flask)
print(server.server_port, flush=True)
server.serve_forever()
"""
DATABASE = """
import os

import pytest


@pytest.fixture(scope="session")
def database_url():
    return os.environ["MATRIX_DATABASE_URL"]
"""
TEST = """
import os
import urllib.request


def test_post(make_unit_of_work):
    url = "http://127.0.0.1:" + os.environ["PORT"] + "/work/over%20HTTP"
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=20) as response:
        assert response.status == 200
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """A project whose conftest.py is the family's, with its server."""
    wiring = (FIXTURES / "unit_of_work" / "conftest.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(wiring + DATABASE, encoding="utf-8")
    (tmp_path / "server.py").write_text(SERVER, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_post.py").write_text(TEST, encoding="utf-8")
    return tmp_path


@pytest.fixture
def witness(postgresql_server) -> Iterator[Witness]:
    witness = open_witness(postgresql_server, name_database(load_stacks()[STACK]))
    yield witness
    witness.close()


def run_python(witness: Witness, project: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start the stack's Python in the project, with its standard output piped."""
    stack = load_stacks()[STACK]
    environment = stack_environment(stack, witness.account) | variables
    command = [str(prepare_environment(stack).python), *arguments]
    return subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("recipe", "left"), [("injected_factory_savepoint", ["rows_added"]), ("delete_created", [])])
def test_what_a_recipe_does_to_a_server_process(witness, project, recipe, left):
    shutil.copy(FIXTURES / "unit_of_work" / f"{recipe}.py", project / "tests" / "conftest.py")
    with run_python(witness, project, "-c", DDL) as answer:
        witness.build_schema(json.load(answer.stdout))
    baseline = witness.record_baseline()
    with run_python(witness, project, "server.py") as server:
        try:
            port = server.stdout.readline().strip()
            tests = run_python(witness, project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", PORT=port)
            output, _ = tests.communicate(timeout=60)
            assert tests.returncode == 0, output
        finally:
            server.terminate()
    assert [found.kind for found in witness.find_residue(baseline)] == left
