"""What a header excludes really cannot be set up: no red cell is turned into `n/a`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from matrix.plan.contents import ROOT, find_recipes
from matrix.plan.headers import find_unmet
from matrix.plan.rows import load_stacks
from matrix.run.stage import Stage, open_stage_on

# A family and a stack whose driver suits it; between them they meet every need that a header of the family names.
PAIRS = [
    ("plain", "sa13-psycopg2-postgresql18"),
    ("plain", "sa14-psycopg2-postgresql18"),
    ("plain", "sa20-pymysql-mysql97"),
    ("flask", "sa13-psycopg2-postgresql18-flask"),
    ("flask", "sa20-psycopg2-postgresql18-flasklite"),
    ("unit_of_work", "sa14-psycopg2-postgresql18-flask"),
    ("pyramid", "sa14-psycopg2-postgresql18-pyramid"),
    ("asyncio", "sa14-asyncpg-postgresql18"),
    ("asyncio", "sa20-aiomysql-mysql97"),
    ("ideas", "sa13-psycopg2-postgresql18"),
    ("ideas", "sa20-pymysql-mysql97"),
    ("ideas_asyncio", "sa14-asyncpg-postgresql18"),
    ("plugins", "sa14-psycopg2-postgresql18-plugins"),
    ("plugins_asyncio", "sa20-asyncpg-postgresql18"),
    ("litestar", "sa21-asyncpg-postgresql18-litestar"),
]
# The whole family is excluded by the kind of driver, or because its packages are not there.
FOREIGN = [
    ("plain", "sa20-asyncpg-postgresql18"),
    ("asyncio", "sa20-psycopg2-postgresql18"),
    ("asyncio", "sa13-psycopg2-postgresql18"),
    ("fastapi_sqla", "sa20-psycopg2-postgresql18"),
]


@dataclass
class Excluded:
    """The recipes of a family that do not apply to a stack, by path with the unmet need, and the stack made ready."""

    stage: Stage
    unmet: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.stage.python, *arguments]
        return subprocess.run(command, env=self.stage.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def excluded(request) -> Iterator[Excluded]:
    family, stack_id = request.param
    stack = load_stacks()[stack_id]
    server = request.getfixturevalue("postgresql_server" if stack.database.kind == "postgresql" else "mysql_server")
    recipes = [recipe for recipe in find_recipes().values() if recipe.family == family]
    with open_stage_on(server, stack) as stage:
        capabilities = stage.capabilities
        unmet = {str(recipe.path): find_unmet(recipe.header, stage.packages, stack, capabilities) for recipe in recipes}
        yield Excluded(stage, {path: why for path, why in unmet.items() if why})


def run_one_case(excluded: Excluded, report: Path) -> dict[str, set[str]]:
    """Run the excluded recipes with one case; return how each ended: "error" in set-up or import, "failure", or "passed"."""
    options = ("-q", "--tb=no", "-p", "no:cacheprovider", f"--junitxml={report}", "--case=commit_once", "--continue-on-collection-errors")
    run = excluded.run("-m", "pytest", *options, *excluded.unmet)
    if run.returncode == 4 and "conftest" in run.stderr:  # the family itself cannot be imported
        return {path: {"error"} for path in excluded.unmet}
    ended: dict[str, set[str]] = {path: set() for path in excluded.unmet}
    for case in ElementTree.parse(report).iter("testcase"):
        place = (case.get("classname") or case.get("name")).replace(".", "/")
        path = next(path for path in ended if path.removesuffix(".py").endswith(place))
        ended[path] |= {child.tag for child in case} or {"passed"}
    return ended


@pytest.mark.parametrize("excluded", PAIRS, indirect=True, ids="-".join)
def test_set_up_fails_where_a_header_excludes(excluded, tmp_path):
    assert excluded.unmet, "this stack meets every need of the family: it proves nothing"
    for path, ended in run_one_case(excluded, tmp_path / "report.xml").items():
        assert ended == {"error"}, f"{path} was excluded ({excluded.unmet[path]}), and ended with {ended}"


@pytest.mark.parametrize("excluded", FOREIGN, indirect=True, ids="-".join)
def test_nothing_passes_where_a_family_is_excluded(excluded, tmp_path):
    assert excluded.unmet
    for path, ended in run_one_case(excluded, tmp_path / "report.xml").items():
        assert ended, path
        assert "passed" not in ended, f"{path} was excluded ({excluded.unmet[path]}), and passed"
