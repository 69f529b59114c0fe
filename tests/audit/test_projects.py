"""Small projects, each with a planted fault or none: the audit must name the right test, object and cause, and nothing else."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from matrix.audit.command import Request, audit
from matrix.environments.building import prepare_environment
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


def read_expected(name: str) -> dict:
    return tomllib.loads((PROJECTS / name / "expected.toml").read_text())


PAIRS = [(path.name, server) for path in sorted(PROJECTS.iterdir()) if (path / "expected.toml").exists() for server in read_expected(path.name)["servers"]]


@pytest.mark.parametrize(("project", "kind"), PAIRS)
def test_audit_says_what_is_planted(project, kind, request, tmp_path):
    expected = read_expected(project)
    server = request.getfixturevalue(f"{kind}_server")
    stack = expected.get("stack", kind)
    python = prepare_environment(load_stacks()[STACKS[stack]]).python
    url = URLS.get(stack, "{driver_url}")
    arguments = ["-p", "no:cacheprovider"]
    code = audit(
        Request(
            str(shutil.copytree(PROJECTS / project, tmp_path / project)),
            running=server,
            set=[f"DATABASE_URL={url}", "PYTHONDONTWRITEBYTECODE=1"],
            python=str(python),
            confirm=False,
            output=str(tmp_path),
            arguments=arguments,
            examine=False,
        )
    )
    log = (tmp_path / "pytest.log").read_text()
    assert (tmp_path / "audit.json").exists(), log
    document = json.loads((tmp_path / "audit.json").read_text())
    counted = [f for f in document["findings"] if f["counted"] and f["test"] not in expected.get("ignore", ())]
    wanted = expected.get("findings", [])
    assert [(f["test"], f["kind"]) for f in counted] == [(w.get("test"), w["class"]) for w in wanted], (document["findings"], log)
    for finding, want in zip(counted, wanted, strict=True):
        assert any(r["kind"] == want["kind"] and want["object"] in (r["object"], "*") for r in finding["residue"]), finding
        if "fixture" in want:
            assert want["fixture"] in finding["fixture"]
        if want.get("cause", "*") != "*":
            assert finding["cause"], finding
            assert finding["cause"]["id"] == want["cause"], finding
    cleared = [f["test"] for f in document["findings"] if f["kind"] == "cleared"]
    assert cleared == expected.get("cleared", [])
    assert code == (1 if [f for f in document["findings"] if f["counted"]] else 0)
    assert document["disagreements"] == document["problems"] == []
