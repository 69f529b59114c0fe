"""Rows: what is promised is there, and a row with a mistake is named with its mistake."""

import re
from pathlib import Path

import pytest

from matrix.plan.rows import DEFAULT_PYTHON, STACKS, RowError, load_databases, load_stacks

GOOD = {"id": "sa20-psycopg2-postgresql18", "line": "2.0", "driver": "psycopg2", "database": "postgresql18"}


def describe(stack):
    """What makes a row different from every other."""
    return stack.line, stack.mode, stack.dialect, stack.database.product, stack.database.major, stack.python, stack.requirements


def test_every_row_differs_from_every_other():
    stacks = load_stacks()
    assert len({describe(stack) for stack in stacks.values()}) == len(stacks)


def test_enough_rows_run_on_one_interpreter():
    stacks = [stack for stack in load_stacks().values() if stack.python == DEFAULT_PYTHON]
    assert len(stacks) >= 32
    assert all(stack.promised for stack in stacks)


@pytest.mark.parametrize(
    ("driver", "lines"),
    [
        ("postgresql+psycopg2", "1.3 1.4 2.0 2.1"),
        ("postgresql+asyncpg", "1.4 2.0 2.1"),
        ("postgresql+psycopg", "2.0 2.1"),
        ("postgresql+psycopg_async", "2.0 2.1"),
        ("mysql+pymysql", "1.3 1.4 2.0 2.1"),
        ("mysql+aiomysql", "1.4 2.0 2.1"),
        ("mysql+asyncmy", "1.4 2.0 2.1"),
        ("mysql+mysqldb", "1.3 1.4 2.0 2.1"),
    ],
)
def test_drivers_have_rows_on_the_lines_that_they_work_with(driver, lines):
    assert {stack.line for stack in load_stacks().values() if stack.dialect == driver} == set(lines.split())


def test_both_modes_of_1_4_and_several_servers_have_rows():
    stacks = load_stacks().values()
    assert {stack.mode for stack in stacks if stack.line == "1.4"} == {"legacy", "future"}
    assert {stack.database.product for stack in stacks} == {"postgresql", "mysql", "mariadb"}
    assert len({stack.database.major for stack in stacks if stack.database.kind == "postgresql"}) >= 2


def test_databases_say_their_kind_and_variable():
    databases = load_databases()
    assert databases["mariadb118"].kind == "mysql"
    assert databases["postgresql18"].environment == "MATRIX_POSTGRESQL18_URL"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"line": "1.7"}, "stack 'sa20-psycopg2-postgresql18': field 'line' is '1.7', expected one of 1.3, 1.4, 2.0, 2.1"),
        ({"driver": "psycopg22"}, "field 'driver' is 'psycopg22', expected one of psycopg2,"),
        ({"database": "postgresql99"}, "field 'database' is 'postgresql99', expected one of postgresql18,"),
        ({"database": None}, "field 'database' is missing, expected one of"),
        ({"mode": "legacy"}, "field 'mode' is 'legacy', expected one of future"),
        ({"pyhton": "3.9"}, "unknown field 'pyhton'; did you mean 'python'?"),
        ({"python": "3.8"}, "field 'id' is 'sa20-psycopg2-postgresql18', expected 'sa20-psycopg2-postgresql18-py38'"),
        ({"promised": "yes"}, "field 'promised' is 'yes', expected a bool"),
        ({"requirements": [1]}, "field 'requirements' is [1], expected a list of texts"),
        ({"id": "sa20-pymysql-postgresql18", "driver": "pymysql"}, "field 'database' is 'postgresql18', expected one of the kind of 'mysql+pymysql'"),
        ({"id": "sa14-psycopg2-postgresql18", "line": "1.4"}, "field 'mode' is missing, expected one of legacy, future"),
        ({"id": "Shouting"}, "stack number 1: field 'id' is 'Shouting'"),
        ({"id": None}, "stack number 1: field 'id' is None"),
    ],
)
def test_a_row_with_a_mistake_is_named(tmp_path, change, message):
    with pytest.raises(RowError, match=re.escape(message)):
        load_stacks(write_stacks(tmp_path, GOOD | change))


def test_the_row_without_a_mistake_loads(tmp_path):
    """Without this the test above could not fail."""
    assert list(load_stacks(write_stacks(tmp_path, GOOD))) == [GOOD["id"]]


def test_an_id_is_used_once(tmp_path):
    with pytest.raises(RowError, match="the id is used twice"):
        load_stacks(write_stacks(tmp_path, GOOD, GOOD))


def test_an_id_may_end_with_a_word_of_its_own(tmp_path):
    name = GOOD["id"] + "-flask3"
    assert list(load_stacks(write_stacks(tmp_path, GOOD | {"id": name}))) == [name]


def test_a_version_that_a_row_requires_replaces_the_one_of_its_line(tmp_path):
    pinned = load_stacks(write_stacks(tmp_path, GOOD | {"requirements": ["pytest==6.2.3", "Flask==1.1.2"]}))[GOOD["id"]]
    assert [text for text in pinned.requirements if text.startswith(("pytest", "Flask"))] == ["pytest==6.2.3", "Flask==1.1.2"]


@pytest.mark.parametrize(("text", "message"), [("[[stack", "is not valid TOML"), ("", r"has no \[\[stack\]\] rows"), ("stack = 1", r"has no \[\[stack\]\]")])
def test_a_file_with_a_mistake_is_named(tmp_path, text, message):
    path = tmp_path / "stacks.toml"
    path.write_text(text)
    with pytest.raises(RowError, match=f"stacks.toml: {message}"):
        load_stacks(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RowError, match=r"nowhere.toml: cannot be read"):
        load_databases(tmp_path / "nowhere.toml")


def write_stacks(folder, *rows):
    """Write rows under the lines and drivers of the real file; a field that is None is left out."""
    shared = STACKS.read_text().partition("\n[[stack]]")[0]
    path = folder / "stacks.toml"
    path.write_text(shared + "".join("\n[[stack]]\n" + "".join(map(format_field, row.items())) for row in rows))
    return path


def format_field(field):
    name, value = field
    return "" if value is None else f"{name} = {value!r}\n"


def test_families_of_rows_exist():
    """A row that names no family that exists would run nothing."""
    folders = {path.name for path in (Path(__file__).parents[2] / "fixtures").iterdir() if path.is_dir()}
    assert {family for stack in load_stacks().values() for family in stack.families} <= folders
