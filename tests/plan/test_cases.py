"""Cases are what cases/README.md says, and know no recipe."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from matrix.plan.contents import CASES, LEVELS, ROOT
from matrix.witness.capabilities import PROBES

THEMES = [path for path in sorted(CASES.glob("*.py")) if path.stem not in ("__init__", "sample")]
MAY_IMPORT = {"pytest", "sqlalchemy", "cases", *sys.stdlib_module_names}


def read_cases() -> list[tuple[str, ast.FunctionDef]]:
    return [
        (path.stem, node)
        for path in THEMES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


FOUND = read_cases()
every_case = pytest.mark.parametrize("case", [node for _, node in FOUND], ids=[node.name for _, node in FOUND])


def list_marks(case: ast.FunctionDef) -> list[str]:
    return [ast.unparse(mark).removeprefix("pytest.mark.").partition("(")[0] for mark in case.decorator_list]


def list_texts(case: ast.FunctionDef) -> list[str]:
    docstring = case.body[0]
    return [
        node.value
        for statement in case.body
        if statement is not docstring
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def list_prefixes(case: ast.FunctionDef) -> list[str]:
    """The texts that the case hands to names(), which finds every customer that begins like this."""
    calls = (node for node in ast.walk(case) if isinstance(node, ast.Call) and ast.unparse(node.func) == "names")
    return [call.args[1].value for call in calls]


def test_there_are_cases_in_ten_themes():
    assert len(FOUND) >= 72
    assert len({theme for theme, _ in FOUND}) >= 10


def read_behaviours() -> dict[str, str]:
    """The table of README.md: a behaviour's number, and what covers it or why nothing does."""
    rows = re.findall(r"^\| (C\d\d) \| [^|]+ \| ([^|]+) \|$", (CASES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_every_behaviour_has_a_case_or_a_reason():
    behaviours = read_behaviours()
    assert list(behaviours) == [f"C{number:02}" for number in range(1, 90)]
    for covered in behaviours.values():
        assert "`" in covered or len(covered) > 30


def test_every_case_named_in_the_table_exists():
    names = {case.name.removeprefix("test_") for _, case in FOUND}
    for number, covered in read_behaviours().items():
        first = covered.partition(";")[0]
        if first.startswith("`"):
            assert set(re.findall(r"`(\w+)`", first)) <= names, number


def read_abilities() -> set[str]:
    """What a stack finds out of itself; the module needs SQLAlchemy, which the examiner has not."""
    tree = ast.parse((ROOT / "matrix/probe/abilities.py").read_text(encoding="utf-8"))
    return {key.value for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys if isinstance(key, ast.Constant)}


def test_every_need_is_found_out():
    known = {*PROBES, *read_abilities(), "errors_undo_statement_only", "lost_updates_refused", "prepared_transactions"}
    needs = {mark.args[0].value for _, case in FOUND for mark in case.decorator_list if ast.unparse(mark).startswith("pytest.mark.needs(")}
    assert needs <= known


def test_names_are_unique():
    names = [case.name for _, case in FOUND]
    assert sorted(names) == sorted(set(names))


@every_case
def test_exactly_one_level(case):
    marks = list_marks(case)
    assert len([mark for mark in marks if mark in LEVELS]) == 1
    assert set(marks) <= {*LEVELS, "commits_nothing", "needs"}


@every_case
def test_docstring_tells_what_production_does_and_links(case):
    doc = ast.get_docstring(case) or ""
    assert "production" in doc.partition("\n\n")[0]
    assert re.search(r"https://\S+$", doc)
    assert len(doc.splitlines()) <= 4


@every_case
def test_fewer_than_twelve_lines_of_code(case):
    code = ast.unparse(case.body[1:])
    assert len([line for line in code.splitlines() if line.strip()]) < 12


@every_case
def test_asserts_something(case):
    asserts = [node for node in ast.walk(case) if isinstance(node, ast.Assert) or "raises(" in ast.unparse(node)]
    assert asserts


@pytest.mark.parametrize("theme", THEMES, ids=lambda path: path.stem)
def test_fails_with_what_ends_no_event_loop(theme: Path):
    """pytest.raises and pytest.fail fail with a BaseException, which an application under test hands on otherwise than an error."""
    assert not re.search(r"pytest\.(raises|fail|skip)", theme.read_text(encoding="utf-8"))


@every_case
def test_asks_for_the_application_only(case):
    arguments = [argument.arg for argument in case.args.args]
    assert arguments[0] == "app"
    assert set(arguments[1:]) <= {"seeded_customer"}


@every_case
def test_tables_of_its_own_are_marked(case):
    for text in list_texts(case):
        for table in re.findall(r"(?:CREATE|DROP|ALTER) TABLE (\w+)", text):
            assert table.startswith("case_")


@every_case
def test_finds_no_other_cases_customers(case):
    others = [text for _, other in FOUND if other is not case for text in list_texts(other)]
    for prefix in list_prefixes(case):
        assert not [text for text in others if text.startswith(prefix)]


@pytest.mark.parametrize("theme", [*THEMES, CASES / "sample.py"], ids=lambda path: path.stem)
def test_imports_only_what_every_stack_has(theme: Path):
    for node in ast.walk(ast.parse(theme.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= MAY_IMPORT
        elif isinstance(node, ast.ImportFrom):
            assert node.module.partition(".")[0] in MAY_IMPORT


@pytest.mark.parametrize("theme", THEMES, ids=lambda path: path.stem)
def test_syntax_is_that_of_python_3_8(theme: Path):
    ast.parse(theme.read_text(encoding="utf-8"), feature_version=(3, 8))
