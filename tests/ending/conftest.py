"""A checkout of its own: what a command writes must not touch this one's reports."""

import shutil
from pathlib import Path

import pytest

from matrix.plan.contents import ROOT


@pytest.fixture(scope="session")
def checkout(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("stopped") / "checkout"
    place.mkdir()
    for name in ("matrix", "cases", "fixtures", "reports", "tests/mutants"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "data", "site", "results.json", "junit.xml", "baseline.json"))
    for name in ("noxfile.py", "pyproject.toml", "conftest.py"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, place / name)
    return place
