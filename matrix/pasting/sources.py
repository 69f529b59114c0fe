"""Python source taken apart: which fixtures it has, what each asks for, and which imports that needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Definition:
    """One function at the top of a file: a fixture or a hook."""

    name: str
    source: str
    arguments: tuple[str, ...]
    names: frozenset[str]
    """All names that it uses."""


@dataclass(frozen=True)
class Import:
    """One statement of import; `module` is the package that it imports from."""

    module: str
    source: str
    bound: tuple[tuple[str, str], ...]
    """Names in the file, and how each is written in the statement."""
    comment: str = ""

    def write(self, names: set[str]) -> str:
        """Return the statement with no more than these names, "" when it has none of them."""
        kept = [written for name, written in self.bound if name in names]
        return f"{self.source} {', '.join(kept)}{self.comment}" if kept else ""


Imports = tuple[Import, ...]


@dataclass(frozen=True)
class Source:
    """A file of wiring; `asked` are the names in its __all__."""

    definitions: dict[str, Definition]
    imports: Imports
    asked: tuple[str, ...]


def read_source(text: str) -> Source:
    """Take a file apart."""
    tree, lines = ast.parse(text), text.splitlines()
    functions = [node for node in tree.body if isinstance(node, Function)]
    asked = [node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    return Source(
        definitions={node.name: read_definition(node, lines) for node in functions},
        imports=tuple(read_import(node, lines[node.lineno - 1]) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)),
        asked=tuple(name for value in asked for name in ast.literal_eval(value)),
    )


def read_definition(node: Function, lines: list[str]) -> Definition:
    """Return a function with its decorators."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    names = frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
    return Definition(node.name, "\n".join(lines[first - 1 : node.end_lineno]), list_arguments(node), names)


def read_import(node: ast.Import | ast.ImportFrom, line: str) -> Import:
    """Return a statement of import, which stands on one line."""
    bound = tuple((alias.asname or alias.name.partition(".")[0], ast.unparse(alias)) for alias in node.names)
    comment = f"  #{line.partition('#')[2]}" if "#" in line else ""
    if isinstance(node, ast.ImportFrom):
        return Import((node.module or "").partition(".")[0], f"from {node.module} import", bound, comment)
    return Import(node.names[0].name.partition(".")[0], "import", bound, comment)


def find_fixtures(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """Return the fixtures of a file by the name that tests know them by, each with what it asks for."""
    return {name_fixture(node): list_arguments(node) for node in tree.body if isinstance(node, Function) and any(list_marks(node))}


def name_fixture(node: Function) -> str:
    """Return what a fixture is called: its function's name, unless its mark says another."""
    named = (word.value for mark in list_marks(node) if isinstance(mark, ast.Call) for word in mark.keywords if word.arg == "name")
    return next((value.value for value in named if isinstance(value, ast.Constant) and isinstance(value.value, str)), node.name)


def list_marks(node: Function) -> Iterator[ast.expr]:
    """Return the decorators that make a function a fixture: pytest's, and pytest-asyncio's."""
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(target).rpartition(".")[2] == "fixture":
            yield decorator


def list_arguments(node: Function) -> tuple[str, ...]:
    """Return the names of a function's arguments."""
    return tuple(argument.arg for argument in node.args.args)
