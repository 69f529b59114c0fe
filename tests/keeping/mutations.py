"""Changes of one input at a time, and which keys they must make untrue; run by itself it tries many: python -m tests.keeping.mutations 200

A checkout is copied, so that nothing here is touched. It is imported from there, in a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = (
    "matrix",
    "cases",
    "fixtures",
    "reports/stories",
    "reports/page",
    "tests/keeping",
    "tests/plan",
    "README.md",
    "pyproject.toml",
    "CHANGELOG.md",
    "noxfile.py",
)
STACK, RECIPE, CASE, FAMILY = "sa20-psycopg2-postgresql18", "plain/create_savepoint", "commit_twice", "plain"
OTHER_RECIPE, OTHER_CASE = "plain/truncate", "rollback_only"

# what is changed -> the part of the key that must differ; the files are chosen among those that match
INPUTS = {
    "recipe": ["fixtures/plain/create_savepoint.py"],
    "family": ["fixtures/plain/conftest.py", "fixtures/conftest.py", "cases/sample.py"],
    "case": ["cases/commit.py", "cases/sample.py", "cases/__init__.py"],
    "row": [f"matrix/locks/{STACK}.txt"],
    "instrument": ["matrix/probe/*.py", "matrix/supervisor/*.py", "matrix/witness/**/*.py"],
    "server": ["matrix/servers/*.py"],
}
IRRELEVANT = [
    "README.md", "CHANGELOG.md", "noxfile.py", "fixtures/plain/README.md", "fixtures/flask/*.py", "fixtures/asyncio/*.py", "fixtures/plain/truncate.py",
    "cases/locks.py", "cases/rollback.py", "reports/page/*.py", "reports/page/templates/*", "tests/plan/*.py", "matrix/run/*.py", "matrix/plan/*.py",
    "matrix/bench/*.py", "matrix/judging/*.py", "matrix/locks/sa13-psycopg2-postgresql18.txt", "matrix/locks/tests.txt",
]  # fmt: skip


class Copy:
    """A copied checkout, and a process that makes keys there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source, target = ROOT / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__")) if source.is_dir() else shutil.copy(source, target)
        (folder / "tests" / "__init__.py").touch()
        variables = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "tests.keeping.mutations", "--serve"]
        self._process = subprocess.Popen(command, cwd=folder, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def make_keys(self, **variables: str) -> dict[str, str]:
        """Return the keys of the stack's cells that are watched, by name, as the copy is now."""
        self._process.stdin.write(json.dumps(variables) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def list_files(self, *patterns: str) -> list[Path]:
        return sorted(path for pattern in patterns for path in self.folder.glob(pattern) if path.is_file() and path.stat().st_size)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)


@contextmanager
def changed(path: Path, change: random.Random) -> Iterator[str]:
    """Change one byte inside a comment's or a text's reach: of any line that is still Python afterwards, else add one at the end."""
    before = path.read_bytes()
    path.write_bytes(change_byte(path, before, change))
    try:
        yield f"{path.name}"
    finally:
        path.write_bytes(before)


def change_byte(path: Path, data: bytes, change: random.Random) -> bytes:
    for _ in range(200):
        place = change.randrange(len(data))
        if not data[place : place + 1].isalpha():
            continue
        changed = data[:place] + bytes([data[place] ^ 1 if chr(data[place] ^ 1).isalpha() else data[place] ^ 32]) + data[place + 1 :]
        if changed != data and (path.suffix != ".py" or compiles(changed)):
            return changed
    return data + b"# \n"


def compiles(data: bytes) -> bool:
    try:
        compile(data, "changed", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def serve() -> None:
    """Print keys, one JSON object for every line that is read: variables to set while they are made."""
    from matrix.environments import building
    from matrix.keeping import inputs
    from matrix.keeping.keys import KeyMaker
    from matrix.plan import contents
    from matrix.plan.rows import load_stacks

    for line in sys.stdin:
        variables = json.loads(line)
        os.environ.update(variables)
        inputs.read_imports.cache_clear()
        contents.read_contract.cache_clear()
        stack = load_stacks()[STACK]
        build_pretended(building, stack)
        keys = KeyMaker(("url", "embedded"), "written", 6.0).make_keys(stack)
        made = {f"{recipe}/{case}": keys.make_key(recipe, case) for recipe in (RECIPE, OTHER_RECIPE) for case in (CASE, OTHER_CASE)}
        for name in variables:
            del os.environ[name]
        print(json.dumps(made), flush=True)


def build_pretended(building, stack) -> None:
    """An environment that looks like a built one, so that its packages can be looked at."""
    interpreter = building.find_interpreter(stack.python, fetch=False)
    place = building.cache_dir() / "environments" / building._make_key(building.LOCKS / f"{stack.id}.txt", interpreter)
    if not place.exists():
        (place / "lib" / "python3.11" / "site-packages" / "SQLAlchemy-2.0.58.dist-info").mkdir(parents=True)
        (place / building.RECORD).write_text(json.dumps({"built": [], "c_extensions": True}))


def try_many(count: int, seed: int) -> tuple[int, list[str]]:
    """Return how many changes were tried and what each wrong one did: a key that stayed, or one that moved for nothing."""
    wrong: list[str] = []
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        before = copy.make_keys()
        try:
            for number in range(count):
                part = sorted(INPUTS)[number % len(INPUTS)]
                wrong += try_input(copy, before, part, draw)
            for number in range(count // 4):
                wrong += try_irrelevant(copy, before, IRRELEVANT[number % len(IRRELEVANT)], draw)
        finally:
            copy.close()
    return count, wrong


def try_input(copy: Copy, before: dict[str, str], part: str, draw: random.Random) -> list[str]:
    from matrix.keeping.keys import find_differing

    path = draw.choice(copy.list_files(*INPUTS[part]))
    with changed(path, draw) as what:
        watched = f"{RECIPE}/{CASE}"
        differing = find_differing(before[watched], copy.make_keys()[watched])
    if "cases/commit.py" in str(path) and not differing:
        return []  # the byte was in another case of the module: this one's key must stay
    return [] if part in differing else [f"{part}: {what} changed, {differing or 'nothing'} differs"]


def try_irrelevant(copy: Copy, before: dict[str, str], pattern: str, draw: random.Random) -> list[str]:
    path = draw.choice(copy.list_files(pattern))
    with changed(path, draw) as what:
        now = copy.make_keys()[f"{RECIPE}/{CASE}"]
    return [] if now == before[f"{RECIPE}/{CASE}"] else [f"irrelevant: {what} changed and the key moved"]


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        tried, wrong = try_many(int(sys.argv[1]), seed=1)
        print(f"{tried} changes of inputs and {tried // 4} irrelevant ones: {len(wrong)} wrong", *wrong, sep="\n  ")
        sys.exit(bool(wrong))
