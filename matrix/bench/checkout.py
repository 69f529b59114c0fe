"""A copy of this checkout, in which files are edited and whole runs leave their facts, so that nothing happens to ours."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

from matrix.plan.contents import ROOT
from matrix.plan.rows import Stack

ROOMS = ("matrix", "cases", "fixtures", "reports", "README.md", "pyproject.toml", "noxfile.py")
MADE = re.compile(r"__pycache__|\..*")  # what Python and tools keep
LEFT = {ROOT / "reports": ["data", "site"]}  # what runs leave behind
REMARK = "# edited by the benchmark"
FRONT = re.compile(rb'\{"kind":"cell","pass":"first","recipe":"([^"]+)","case":"([^"]+)"')


class Checkout:
    """A copied checkout without any result."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "reports" / "data"
        for room in ROOMS:
            source = ROOT / room
            if source.is_dir():
                shutil.copytree(source, folder / room, ignore=ignore_made)
            else:
                shutil.copy(source, folder / room)

    def edit_recipe(self, recipe: str) -> None:
        """Add a remark at the end of a recipe."""
        _add_line(self.folder / "fixtures" / f"{recipe}.py")

    def edit_lock(self, stack: Stack) -> None:
        """Add a remark to a lock: no package moves, so nothing is installed, and nobody can know that without a run."""
        _add_line(self.folder / "matrix" / "locks" / f"{stack.id}.txt")

    def edit_case(self, theme: str, case: str) -> None:
        """Add a remark to the last line of a case; the others of its module stay as they are."""
        path = self.folder / "cases" / f"{theme}.py"
        source = path.read_text(encoding="utf-8")
        (line,) = [node.end_lineno or 0 for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == f"test_{case}"]
        lines = source.splitlines(keepends=True)
        lines[line - 1] = f"{lines[line - 1].rstrip()}  {REMARK}\n"
        path.write_text("".join(lines), encoding="utf-8")

    def count_cells(self, stack: str = "", recipe: str = "", case: str = "") -> int:
        """Return how many cells are on disk of a stack, a recipe or a case: those that an edit of it touches."""
        files = [self.data / f"{stack}.jsonl"] if stack else sorted(self.data.glob("*.jsonl"))
        count = 0
        for path in files:
            with path.open("rb") as lines:
                fronts = [front for front in map(FRONT.match, lines) if front]
            count += sum(recipe in ("", front[1].decode()) and case in ("", front[2].decode()) for front in fronts)
        return count


def ignore_made(folder: str, names: list[str]) -> list[str]:
    """Return what of a folder is not copied; see shutil.copytree."""
    left = LEFT.get(Path(folder), [])
    return [name for name in names if MADE.fullmatch(name) or name in left]


def _add_line(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{REMARK}\n")
