"""The test bed: audits of small projects, two at a time on servers that all share, each with one process of pytest."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from matrix.audit.command import Request, audit
from matrix.environments.building import LOCKS, build_environment, prepare_environment
from matrix.environments.interpreters import find_interpreter
from matrix.plan.rows import load_stacks

PROJECTS = Path(__file__).parent / "projects"
STACKS = {
    "postgresql": "sa20-psycopg2-postgresql18",
    "mysql": "sa20-pymysql-mysql97",
    "mariadb": "sa20-pymysql-mysql97",
    "asyncio": "sa20-asyncpg-postgresql18-fastapi",
    "flask": "sa20-psycopg2-postgresql18-flask",
}
URLS = {"asyncio": "postgresql+asyncpg://{user}:{password}@{host}:{port}/{database}"}


@dataclass
class Audited:
    """How an audit ended, and what it wrote."""

    code: int
    document: dict
    log: str


@cache
def find_stack_python(stack: str) -> Path:
    """Return the interpreter that the projects of a stack run with; `audited` is no stack, but an environment of these tests."""
    if stack == "audited":
        interpreter = find_interpreter("3.11")
        assert interpreter is not None
        return build_environment(LOCKS / "audited.txt", interpreter).python
    return prepare_environment(load_stacks()[STACKS[stack]]).python


@cache
def read_expected(name: str) -> dict:
    """Return what an audit of this project must say; nothing, where a test of its own says it."""
    path = PROJECTS / name / "expected.toml"
    return tomllib.loads(path.read_text()) if path.exists() else {}


def list_pairs() -> list[tuple[str, str]]:
    """Return each project with each kind of server that it runs on."""
    names = [path.name for path in sorted(PROJECTS.iterdir())]
    return [(name, kind) for name in names for kind in read_expected(name).get("servers", ())]


def copy_project(name: str, place: Path) -> Path:
    """Copy a project over the shop and the fixtures of most, or of another one that it says; what it has itself it need not share."""
    for layer in ("common", *read_expected(name).get("over", ()), name):
        shutil.copytree(PROJECTS / layer, place / name, dirs_exist_ok=True)
    return place / name


def audit_project(name: str, kind: str, server, place: Path, **more) -> Audited:
    """Audit a copy of the project on a server that runs."""
    expected = read_expected(name)
    stack = expected.get("stack", kind)
    request = Request(
        str(copy_project(name, place)), running=server, python=str(find_stack_python(stack)), confirm=False, output=str(place), expect=expected.get("expect", []),
        set=[f"DATABASE_URL={URLS.get(stack, '{driver_url}')}", "PYTHONDONTWRITEBYTECODE=", *expected.get("set", [])],
        before=expected.get("before", []), arguments=["-p", "no:cacheprovider", *expected.get("arguments", [])],
    )  # fmt: skip
    return read_audit(audit(Request(**vars(request) | more)), place)


def read_audit(code: int, place: Path) -> Audited:
    log = (place / "pytest.log").read_text() if (place / "pytest.log").exists() else ""
    assert (place / "audit.json").exists(), log
    return Audited(code, json.loads((place / "audit.json").read_text()), log)


@dataclass
class Bed:
    """Audits all that is selected, as many at once as there are processors; each test waits for its own."""

    place: Path
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=os.cpu_count() or 2))
    started: dict[tuple[str, str], Future[Audited]] = field(default_factory=dict)

    def start(self, pairs: list[tuple[str, str]], servers: dict[str, object]) -> None:
        """Begin the audits of these projects and servers, in this order."""
        for name, kind in pairs:
            place = self.place / f"{name}-{kind}"
            place.mkdir()
            self.started[name, kind] = self.pool.submit(audit_project, name, kind, servers[kind], place)

    def take(self, name: str, kind: str) -> Audited:
        """Return the audit of one project when it has ended."""
        return self.started[name, kind].result()
