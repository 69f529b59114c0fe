"""Blank projects: models, ordinary tests and a conftest.py, run by plain pytest with nothing of ours on its path.

In one the complete file stands alone; the other has fixtures of its own and gets the recipe as it is. The tests write,
commit, roll back and read the same rows twice: what one of them leaves, the other one meets.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from matrix.pasting.complete import read_wiring, write_complete
from matrix.plan.contents import Recipe

MODELS = '''"""The project's models."""
from sqlalchemy import Column, Integer, String

try:
    from sqlalchemy.orm import declarative_base
except ImportError:  # SQLAlchemy 1.3
    from sqlalchemy.ext.declarative import declarative_base

Base = declarative_base()


class Item(Base):
    __tablename__ = "item"
    id = Column(Integer, primary_key=True)
    name = Column(String(40), nullable=False, unique=True)
'''
TESTS = '''"""The project's tests."""
import pytest

from models import Item


@pytest.mark.parametrize("turn", ["first", "second"])
def test_sells(session, turn):
    assert session.query(Item).count() == 0
    session.add(Item(name="pen"))
    session.commit()
    session.add(Item(name="ink"))
    session.flush()
    session.rollback()
    session.add(Item(name="paper"))
    session.commit()
    assert sorted(item.name for item in session.query(Item)) == ["paper", "pen"]
'''
ASYNCHRONOUS_TESTS = '''"""The project's tests."""
import pytest
from sqlalchemy import select

from models import Item


async def list_names(session):
    return sorted(item.name for item in (await session.execute(select(Item))).scalars())


@pytest.mark.asyncio
@pytest.mark.parametrize("turn", ["first", "second"])
async def test_sells(session, turn):
    assert await list_names(session) == []
    session.add(Item(name="pen"))
    await session.commit()
    session.add(Item(name="ink"))
    await session.flush()
    await session.rollback()
    session.add(Item(name="paper"))
    await session.commit()
    assert await list_names(session) == ["paper", "pen"]
'''
SECONDS = 60.0
PASSED = "2 passed"


@dataclass(frozen=True)
class Proof:
    """How plain pytest ended in a blank project; text: its last lines."""

    passed: bool
    text: str


def write_alone(folder: Path, recipe: Recipe, asynchronous: bool, future: bool = False) -> None:
    """Write a project whose conftest.py is the complete file; its models are where the marked line says."""
    write_project(folder, asynchronous)
    text = write_complete(recipe.path.read_text(encoding="utf-8"), recipe.contract, future)
    (folder / "conftest.py").write_text(text, encoding="utf-8")


def write_equipped(folder: Path, recipe: Recipe, asynchronous: bool) -> None:
    """Write a project that has fixtures of its own, and the recipe alone beside its tests."""
    write_project(folder / "tests", asynchronous)
    (folder / "tests" / "models.py").rename(folder / "models.py")
    own = "\n\n\n".join(piece.text for piece in read_wiring(recipe.contract))
    (folder / "conftest.py").write_text(own + "\n", encoding="utf-8")
    (folder / "tests" / "conftest.py").write_bytes(recipe.path.read_bytes())


def write_project(folder: Path, asynchronous: bool) -> None:
    folder.mkdir(parents=True)
    (folder / "models.py").write_text(MODELS, encoding="utf-8")
    (folder / "test_shop.py").write_text(ASYNCHRONOUS_TESTS if asynchronous else TESTS, encoding="utf-8")


def run_pytest(python: Path, folder: Path, url: str) -> Proof:
    """Run plain pytest in a project; the database's URL travels in the environment, as the project wants it."""
    environment = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ} | {"DATABASE_URL": url, "HOME": "/nonexistent"}
    command = [str(python), "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    try:
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Proof(False, f"no end within {SECONDS:.0f} s")
    return Proof(ended.returncode == 0 and PASSED in ended.stdout, (ended.stdout + ended.stderr)[-3000:])
