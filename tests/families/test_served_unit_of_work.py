"""Family unit_of_work behind a real HTTP server in a process of its own: no transaction of the test reaches it."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from matrix.environments.building import prepare_environment
from matrix.paste import paste_recipe
from matrix.plan.contents import ROOT, find_recipes
from matrix.plan.rows import load_databases, load_stacks
from matrix.servers import Server, start_server
from matrix.supervisor.account import name_database, stack_environment
from matrix.witness import open_witness
from tests.conftest import WAYS

ASKED_ON = "sa13-psycopg2-postgresql12-unitofwork"
SERVED = ROOT / "tests" / "in_stack" / "served_shop.py"
# What the author's tests do: a unit of work in the test's process, requests to the other one, and the next test.
TESTS = """
    import json
    import os
    from urllib.request import Request, urlopen

    from cases.sample import Customer

    ADDRESS = os.environ["SERVED_AT"] + "/customers"

    def ask_server():
        with urlopen(ADDRESS, timeout=10) as response:
            return json.loads(response.read().decode())

    def ask_test(make_unit_of_work):
        with make_unit_of_work() as unit_of_work:
            return sorted(row[0] for row in unit_of_work.session.query(Customer.name))

    def test_both_processes_commit(make_unit_of_work):
        with make_unit_of_work() as unit_of_work:
            unit_of_work.session.add(Customer(name="test"))
            unit_of_work.commit()
        seen = {"server": ask_server()}
        urlopen(Request(ADDRESS + "/server", method="POST"), timeout=10).close()
        print(json.dumps(dict(seen, test=ask_test(make_unit_of_work))))

    def test_next_one_finds(make_unit_of_work):
        print(json.dumps({"found": ask_test(make_unit_of_work)}))
"""


class Seen(NamedTuple):
    """Names of customers. server: what it saw of the test's commit; test: what that saw at last; found: by the next test; left: after the last."""

    server: list[str]
    test: list[str]
    found: list[str]
    left: list[str]


MEASURED = {
    "real_commits": Seen(server=["test"], test=["server", "test"], found=["server", "test"], left=["server", "test"]),
    "injected_factory": Seen(server=[], test=["test"], found=["server"], left=["server"]),
    "injected_factory_restart": Seen(server=[], test=["test"], found=["server"], left=["server"]),
    "delete_created": Seen(server=["test"], test=["server", "test"], found=[], left=[]),
    "restored_rows": Seen(server=["test"], test=["server", "test"], found=[], left=[]),
    "basemodel_drop_create_extension": Seen(server=["test"], test=["server", "test"], found=[], left=[]),
}


@pytest.fixture(scope="module")
def asked_server() -> Iterator[Server]:
    server = start_server(load_databases()["postgresql12"], WAYS)
    yield server
    server.stop()


@pytest.fixture
def variables(asked_server) -> Iterator[dict[str, str]]:
    """Environment of both processes: they share a new database with the sample tables and no rows."""
    stack = load_stacks()[ASKED_ON]
    with closing(open_witness(asked_server, name_database(stack))) as witness:
        variables = stack_environment(stack, witness.account)
        schema = run_python(variables, "-c", "import os; from cases.sample import ddl; print(*ddl(os.environ['MATRIX_DATABASE_URL']), sep=';')")
        witness.build_schema(schema.split(";"))
        yield variables


def find_python() -> Path:
    return prepare_environment(load_stacks()[ASKED_ON]).python


def run_python(variables: dict[str, str], *arguments: str, folder: Path = ROOT) -> str:
    """Run Python in the stack's environment and return what it printed; raises CalledProcessError when it fails."""
    command = [find_python(), *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=True).stdout


@contextmanager
def serve(variables: dict[str, str]) -> Iterator[str]:
    """Start the application in a process of its own and yield its address; the process is gone afterwards."""
    with subprocess.Popen(
        [find_python(), SERVED], cwd=ROOT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()  # ends it, as the death of this process would
            try:
                process.wait(timeout=10)
            finally:
                process.kill()


def measure(folder: Path, variables: dict[str, str], name: str) -> Seen:
    """Run the tests in a project that has the recipe in its conftest.py, beside the served application."""
    tests = paste_recipe(find_recipes()[f"unit_of_work/{name}"], folder).path
    module = tests / "test_served.py"
    module.write_text(textwrap.dedent(TESTS))
    with serve(variables) as address:
        printed = run_python(variables | {"SERVED_AT": address}, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", str(module), folder=tests)
        with urlopen(f"{address}/customers", timeout=10) as response:
            left = json.load(response)
    seen = {key: names for line in re.findall(r"\{.*\}", printed) for key, names in json.loads(line).items()}
    return Seen(left=left, **seen)


@pytest.mark.parametrize("name", MEASURED)
def test_served_application_shares_no_transaction_with_the_test(name, tmp_path, variables):
    """A factory in the test's process does not reach the server: it sees nothing of the test, and what it commits stays."""
    assert measure(tmp_path, variables, name) == MEASURED[name]


def test_served_application_ends_with_its_starter(variables):
    with serve(variables) as address:
        assert urlopen(address + "/customers", timeout=10).status == 200
    with pytest.raises(OSError, match="refused"):
        urlopen(address + "/customers", timeout=10)
