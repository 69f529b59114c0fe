"""The complete conftest.py: the recipe byte for byte, and above it what it needs and does not bring, and nothing more.

What a family's recipes may need stands as ordinary code in wiring/<contract>.py. Which of it a recipe uses is read from
the arguments of fixtures: its own, those of what was taken, and what tests of the family ask for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path

WIRING = Path(__file__).parent / "wiring"
CHANGE = "# CHANGE THIS LINE"
#: what tests of a family ask for
ASKED = {"plain": ("session",), "asyncio": ("session",)}


class NoWiring(Exception):
    """A family for which no complete file can be made; the recipe alone has to do."""


@dataclass(frozen=True)
class Piece:
    """A top-level part of a file: its text, what it defines, which names it uses, which fixtures it asks for."""

    text: str
    defines: frozenset[str]
    uses: frozenset[str]
    asks: frozenset[str]
    is_import: bool
    is_automatic: bool
    group: int
    """Parts between which no line is empty have the same."""


def write_complete(recipe: str, contract: str, future: bool = False) -> str:
    """Return the complete conftest.py for a recipe's text. future: engine and sessions of 1.4 are to behave as in 2.0.

    Raises NoWiring for a family whose wiring nobody has written.
    """
    wiring, own = read_wiring(contract), read_pieces(recipe)
    given = {name for piece in own for name in piece.defines if not piece.is_import}
    taken = take_pieces(wiring, own, {*ASKED[contract], *(name for piece in own for name in piece.asks)} - given, given)
    used = {name for part in taken for name in part.uses}
    text = (
        join_imports([narrow_import(piece, used) for piece in wiring if piece.is_import and piece.defines & used])
        + "\n\n\n"
        + "\n\n\n".join(piece.text for piece in taken)
    )
    return f"{make_future(text) if future else text}\n\n\n{recipe}"


def narrow_import(piece: Piece, used: set[str]) -> Piece:
    """Return an import of the names that are used, as it stands where all of them are."""
    unused = [name for name in piece.defines if name not in used]
    if not unused:
        return piece
    where, _, names = piece.text.partition(" import ")
    return replace(piece, text=f"{where} import {', '.join(name for name in names.split(', ') if name not in unused)}")


def join_imports(imports: list[Piece]) -> str:
    """Return imports as text, in the groups in which they stand."""
    return "\n\n".join("\n".join(piece.text for piece in group) for _, group in groupby(imports, key=lambda piece: piece.group))


def list_names(recipe: str, contract: str) -> list[str]:
    """Return the fixtures that a recipe uses and does not bring: what a project has to have of its own when only the recipe is pasted."""
    own = read_pieces(recipe)
    given = {name for piece in own for name in piece.defines}
    known = {name for piece in read_wiring(contract) for name in piece.defines}
    return sorted(({name for piece in own for name in piece.asks} & known) - given)


def take_pieces(wiring: Iterable[Piece], own: list[Piece], wanted: set[str], given: set[str]) -> list[Piece]:
    """Return the fixtures of the wiring that are wanted, with all that these ask for, and those that act by themselves."""
    pieces = [piece for piece in wiring if not piece.is_import]
    taken: set[str] = {name for piece in pieces if piece.is_automatic for name in piece.defines}
    wanted = wanted | taken
    while True:
        more = {name for piece in pieces if piece.defines & wanted and not piece.defines & given for name in piece.asks} - wanted - given
        if not more:
            return [piece for piece in pieces if piece.defines & wanted and not piece.defines & given]
        wanted |= more


@cache
def read_wiring(contract: str) -> tuple[Piece, ...]:
    """Return the pieces of a contract's wiring. Raises NoWiring."""
    path = WIRING / f"{contract}.py"
    if not path.is_file():
        raise NoWiring(f"family {contract} has no wiring")
    return tuple(read_pieces(path.read_text(encoding="utf-8")))


def read_pieces(source: str) -> list[Piece]:
    """Return the top-level parts of a file without its docstring, each with the comment that stands on its last line."""
    lines = source.splitlines()
    return [make_piece(node, lines) for node in ast.parse(source).body if not is_docstring(node)]


def make_piece(node: ast.stmt, lines: list[str]) -> Piece:
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    arguments = node.args.args if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_fixture(node) else []
    return Piece(
        text="\n".join(lines[first - 1 : node.end_lineno]),
        defines=frozenset(list_defined(node)),
        uses=frozenset(found.id for found in ast.walk(node) if isinstance(found, ast.Name)),
        asks=frozenset(argument.arg for argument in arguments),
        is_import=isinstance(node, ast.Import | ast.ImportFrom),
        is_automatic=is_fixture(node) and "autouse=True" in "".join(map(ast.unparse, getattr(node, "decorator_list", []))),
        group=sum(not line.strip() for line in lines[:first]),
    )


def list_defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement gives to its module."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []


def is_fixture(node: ast.stmt) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in getattr(node, "decorator_list", []))


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def make_future(text: str) -> str:
    """Return wiring for SQLAlchemy 1.4 that is to behave as 2.0: the request goes to engine and session alike."""
    return text.replace("create_engine(database_url)", "create_engine(database_url, future=True)").replace(
        "sessionmaker(bind=engine)", "sessionmaker(bind=engine, future=True)"
    )
