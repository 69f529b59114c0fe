"""Projects as a user has them: models and ordinary tests, with nothing of ours but the file that was pasted."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from matrix.pasting.wiring import write_complete
from matrix.plan.contents import Recipe
from matrix.plan.rows import Stack, name_line

PROJECTS = Path(__file__).parent / "shops"
SETTINGS = re.compile(r'^# (\w+) = "(\w+)"$', re.MULTILINE)


def write_blank_project(recipe: Recipe, stack: Stack, folder: Path) -> Path | None:
    """Write a project without a fixture of its own, whose conftest.py is the complete file; None where there is no such file."""
    complete = write_complete(recipe.id, read_text(recipe.path), name_line(stack.line, stack.mode))
    if complete is None:
        return None
    write_shop(recipe, folder, folder)
    (folder / "conftest.py").write_text(complete, encoding="utf-8")
    return folder


def write_grown_project(recipe: Recipe, stack: Stack, folder: Path) -> Path:
    """Write a project that has fixtures of its own, with the recipe alone as the conftest.py of its tests."""
    tests = folder / "tests"
    tests.mkdir(parents=True)
    write_shop(recipe, folder, tests)
    own = read_text(PROJECTS / recipe.contract / "own_conftest.py")
    if name_line(stack.line, stack.mode) == "1.4 future":
        own = own.replace("OPTIONS = {}", 'OPTIONS = {"future": True}')
    (folder / "conftest.py").write_text(own, encoding="utf-8")
    (tests / "conftest.py").write_bytes(recipe.path.read_bytes())
    (folder / "pytest.ini").write_text("\n".join(["[pytest]", *read_settings(recipe)]) + "\n", encoding="utf-8")
    return folder


def write_shop(recipe: Recipe, folder: Path, tests: Path) -> None:
    """Write the application, and its tests, which name the plugin of asyncio that the recipe's settings choose."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECTS / "models.py", folder)
    for path in (PROJECTS / recipe.contract).glob("shop.py"):
        shutil.copy(path, folder)
    text = read_text(PROJECTS / recipe.contract / "test_shop.py")
    if "anyio_mode = auto" in read_settings(recipe):
        text = text.replace("pytest.mark.asyncio", "pytest.mark.anyio")
    (tests / "test_shop.py").write_text(text, encoding="utf-8")


def read_settings(recipe: Recipe) -> list[str]:
    """Return the settings of pytest that a recipe's header asks for, as lines of pytest.ini."""
    return find_settings(read_text(recipe.path))


def find_settings(code: str) -> list[str]:
    """Return the settings that the header of a recipe's text asks for."""
    header = code.partition("\n# ///\n")[0].partition("# [tool.pytest.ini_options]")[2]
    return [f"{name} = {value}" for name, value in SETTINGS.findall(header)]


def read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
