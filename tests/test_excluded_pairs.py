"""What a header excludes really cannot be set up: no red cell is turned into `n/a`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from matrix.contents import ROOT, find_recipes
from matrix.environments import LOCKS, prepare_environment, read_pins
from matrix.headers import find_unmet
from matrix.rows import Stack, load_stacks
from matrix.supervisor.stack import name_database, stack_environment
from matrix.witness import Witness, open_witness

# A family and a stack whose driver suits it; between them they meet every need that a header of the family names.
PAIRS = [
    ("plain", "sa13-psycopg2-postgresql18"),
    ("plain", "sa14-psycopg2-postgresql18"),
    ("plain", "sa20-pymysql-mysql97"),
    ("asyncio", "sa14-asyncpg-postgresql18"),
    ("asyncio", "sa20-aiomysql-mysql97"),
]
# The whole family is excluded by the kind of driver, or because its packages are not there.
FOREIGN = [
    ("plain", "sa20-asyncpg-postgresql18"),
    ("asyncio", "sa20-psycopg2-postgresql18"),
    ("asyncio", "sa13-psycopg2-postgresql18"),
]
DDL = "import json, os; from cases.sample import ddl; print(json.dumps(ddl(os.environ['MATRIX_DATABASE_URL'])))"


@dataclass
class Prepared:
    """A stack with a database that holds the sample schema, and the recipes of a family that do not apply to it."""

    stack: Stack
    witness: Witness
    unmet: dict[str, str]

    @property
    def python(self) -> Path:
        return prepare_environment(self.stack).python

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = stack_environment(self.stack, self.witness.account)
        return subprocess.run(
            [self.python, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )


@pytest.fixture
def prepared(request) -> Iterator[Prepared]:
    family, stack_id = request.param
    stack = load_stacks()[stack_id]
    server = request.getfixturevalue("postgresql_server" if stack.database.kind == "postgresql" else "mysql_server")
    witness = open_witness(server, name_database(stack))
    try:
        packages = dict(re.match(r"([\w.-]+)\S*==([\w.]+)", pin).groups() for pin in read_pins(LOCKS / f"{stack.id}.txt") if "==" in pin)
        recipes = [recipe for recipe in find_recipes().values() if recipe.family == family]
        unmet = {str(recipe.path): find_unmet(recipe.header, packages, stack, witness.capabilities) for recipe in recipes}
        prepared = Prepared(stack, witness, {path: why for path, why in unmet.items() if why})
        witness.build_schema(json.loads(prepared.run("-c", DDL).stdout))
        yield prepared
    finally:
        witness.close()


def run_one_case(prepared: Prepared, report: Path) -> dict[str, set[str]]:
    """Run the excluded recipes with one case; return how each ended: "error" in set-up or import, "failure", or "passed"."""
    options = ("-q", "--tb=no", "-p", "no:cacheprovider", f"--junitxml={report}", "--case=commit_once", "--continue-on-collection-errors")
    run = prepared.run("-m", "pytest", *options, *prepared.unmet)
    if run.returncode == 4 and "conftest" in run.stderr:  # the family itself cannot be imported
        return {path: {"error"} for path in prepared.unmet}
    ended: dict[str, set[str]] = {path: set() for path in prepared.unmet}
    for case in ElementTree.parse(report).iter("testcase"):
        place = (case.get("classname") or case.get("name")).replace(".", "/")
        path = next(path for path in ended if path.removesuffix(".py").endswith(place))
        ended[path] |= {child.tag for child in case} or {"passed"}
    return ended


@pytest.mark.parametrize("prepared", PAIRS, indirect=True, ids="-".join)
def test_set_up_fails_where_a_header_excludes(prepared, tmp_path):
    assert prepared.unmet, "this stack meets every need of the family: it proves nothing"
    for path, ended in run_one_case(prepared, tmp_path / "report.xml").items():
        assert ended == {"error"}, f"{path} was excluded ({prepared.unmet[path]}), and ended with {ended}"


@pytest.mark.parametrize("prepared", FOREIGN, indirect=True, ids="-".join)
def test_nothing_passes_where_a_family_is_excluded(prepared, tmp_path):
    assert prepared.unmet
    for path, ended in run_one_case(prepared, tmp_path / "report.xml").items():
        assert ended, path
        assert "passed" not in ended, f"{path} was excluded ({prepared.unmet[path]}), and passed"
