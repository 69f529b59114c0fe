"""Blank projects: models, ordinary tests and a conftest.py, run by plain pytest with nothing of ours on its path.

In one the complete file stands alone; the other has fixtures of its own and gets the recipe as it is. The tests write,
commit, roll back and read the same rows twice: what one of them leaves, the other one meets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from matrix.pasting.complete import read_wiring, write_complete
from matrix.plan.contents import Recipe

PROJECTS = Path(__file__).parent / "projects"
SECONDS = 60.0
PASSED = "2 passed"


@dataclass(frozen=True)
class Proof:
    """How plain pytest ended in a blank project; text: its last lines."""

    passed: bool
    text: str


def write_alone(folder: Path, recipe: Recipe, future: bool = False) -> None:
    """Write a project whose conftest.py is the complete file; its models are where the marked line says."""
    shutil.copytree(PROJECTS / recipe.contract, folder)
    text = write_complete(recipe.path.read_text(encoding="utf-8"), recipe.contract, future)
    (folder / "conftest.py").write_text(text, encoding="utf-8")


def write_equipped(folder: Path, recipe: Recipe) -> None:
    """Write a project that has fixtures of its own, and the recipe alone beside its tests."""
    shutil.copytree(PROJECTS / recipe.contract, folder)
    own = "\n\n\n".join(piece.text for piece in read_wiring(recipe.contract))
    (folder / "conftest.py").write_text(own + "\n", encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "test_shop.py").rename(folder / "tests" / "test_shop.py")
    (folder / "tests" / "conftest.py").write_bytes(recipe.path.read_bytes())


def run_pytest(python: Path, folder: Path, url: str) -> Proof:
    """Run plain pytest in a project; the database's URL travels in the environment, as the project wants it."""
    environment = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ} | {"DATABASE_URL": url, "HOME": "/nonexistent"}
    command = [str(python), "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    try:
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Proof(False, f"no end within {SECONDS:.0f} s")
    return Proof(ended.returncode == 0 and PASSED in ended.stdout, (ended.stdout + ended.stderr)[-3000:])
