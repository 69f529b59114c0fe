"""Hashes of what a cell used: files with all that they import here, sources of the instrument, installed programs."""

from __future__ import annotations

import ast
import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from matrix.plan.contents import CASES, FIXTURES, ROOT

DIGITS = 8
# what runs beside and inside a cell, and what starts and sets up its server
INSTRUMENT = ("matrix/probe", "matrix/supervisor", "matrix/witness")
SERVERS = ("matrix/servers",)


def hash_texts(*texts: str) -> str:
    """Return eight hexadecimal digits for these texts in this order."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:DIGITS]


def hash_files(paths: Iterable[Path]) -> str:
    """Return eight hexadecimal digits for the names and bytes of files, whatever their order."""
    return hash_texts(*(f"{name_file(path)}:{hash_file(path)}" for path in sorted(set(paths))))


def name_file(path: Path) -> str:
    """Return a file's place in the repository, or its whole path outside."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def list_sources(*folders: str) -> list[Path]:
    """Return the Python sources below folders of the repository."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def hash_instrument() -> str:
    """Return the hash of the code that examines, and of the settings under which pytest runs it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
    return hash_texts(hash_files(list_sources(*INSTRUMENT)), repr(settings))


def hash_family(family: str) -> str:
    """Return the hash of a family's contract: its conftest.py and what every family shares, with all that they import."""
    return hash_files(find_imports(FIXTURES / "conftest.py") | find_imports(FIXTURES / family / "conftest.py"))


def hash_cases(folder: Path = CASES) -> dict[str, str]:
    """Return by case id the hash of its function, of what its module says beside the cases, and of what the module imports."""
    hashes: dict[str, str] = {}
    for path in sorted(folder.glob("*.py")):
        functions, rest = split_module(path.read_text(encoding="utf-8"))
        shared = hash_texts(rest, hash_files(find_imports(path) - {path}))
        hashes |= {name: hash_texts(text, shared) for name, text in functions.items()}
    return hashes


def split_module(source: str) -> tuple[dict[str, str], str]:
    """Return the text of each case of a module by its id, and what is left without them."""
    lines, functions, taken = source.splitlines(), {}, set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            functions[node.name.removeprefix("test_")] = "\n".join(lines[first - 1 : node.end_lineno])
            taken |= set(range(first, (node.end_lineno or first) + 1))
    return functions, "\n".join(line for number, line in enumerate(lines, start=1) if number not in taken and line.strip())


def find_imports(path: Path) -> frozenset[Path]:
    """Return a file and all files of this repository that it imports, directly or not; the instrument's own are told apart."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += read_imports(file)
    return frozenset(found)


@lru_cache(maxsize=512)
def read_imports(path: Path) -> tuple[Path, ...]:
    """Return the files of this repository that a file imports, wherever in it the import stands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tuple(file for node in ast.walk(tree) for name in list_imported(node, path) for file in find_modules(name))


def list_imported(node: ast.AST, path: Path) -> Iterator[str]:
    """Yield the dotted names that an import statement may mean; a name imported from a package may be a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        above = path.relative_to(ROOT).parts[: -node.level] if node.level and path.is_relative_to(ROOT) else ()
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def find_modules(name: str) -> Iterator[Path]:
    """Yield the files that importing a dotted name of this repository runs: packages on the way, and the module."""
    parts = name.split(".")
    if parts[0] not in ("cases", "fixtures"):
        return
    for depth in range(1, len(parts) + 1):
        place = ROOT.joinpath(*parts[:depth])
        yield from (file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file())
