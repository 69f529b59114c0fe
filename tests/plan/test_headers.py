"""Headers of recipes: read exactly, refused with file and line, compared with a stack."""

import re

import pytest

from matrix.plan.headers import Header, HeaderError, find_unmet, read_header, read_recipe_header
from matrix.plan.rows import load_stacks

STACKS = load_stacks()
SYNC = STACKS["sa14-psycopg2-postgresql18"]
ASYNC = STACKS["sa20-asyncpg-postgresql18"]
PACKAGES = {"SQLAlchemy": "1.4.54", "pytest": "8.4.2", "psycopg2_binary": "2.9.13"}
BLOCK = """
# /// script
# dependencies = ["SQLAlchemy>=2.0", "pytest"]
# requires-python = ">=3.9"
#
# [tool.isolation-matrix]
# driver = "async"
# mode = "future"
# server = ["create_database_from_template"]
# ///
"""


def write(folder, text, name="recipe.py"):
    path = folder / name
    path.write_text(text)
    return path


def test_a_block_is_read(tmp_path):
    assert read_header(write(tmp_path, f'"""A recipe."""\n{BLOCK}\nimport pytest\n')) == Header(
        dependencies=("SQLAlchemy>=2.0", "pytest"),
        driver="async",
        modes=("future",),
        capabilities=("create_database_from_template",),
        requires_python=">=3.9",
    )


def test_a_file_without_a_block_needs_nothing(tmp_path):
    assert read_header(write(tmp_path, '"""A recipe."""\n')) == Header()


def test_the_family_asks_for_all_its_recipes(tmp_path):
    write(tmp_path, '# /// script\n# dependencies = ["SQLAlchemy", "Flask"]\n# ///\n', "conftest.py")
    recipe = write(tmp_path, BLOCK)
    assert read_recipe_header(recipe).dependencies == ("SQLAlchemy", "Flask", "SQLAlchemy>=2.0", "pytest")
    assert read_recipe_header(recipe).driver == "async"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\n# /// script\n# dependencies = []\n", 2, "is not closed"),
        ("# /// script\n# a = = 1\n# ///\n", 2, "not valid TOML"),
        ("# /// script\n# dependencies = []\n# ///\n# /// script\n# ///\n", 4, "a second"),
        ("# /// script\n#\n# dependencys = []\n# ///\n", 3, "field 'dependencys': unknown, expected one of dependencies"),
        ("# /// script\n# [tool.isolation-matrix]\n# drivers = 'sync'\n# ///\n", 3, "field 'drivers': unknown, expected one of driver"),
        ("# /// script\n# [tool.isolation-matrix]\n# driver = 'both'\n# ///\n", 3, "field 'driver': expected one of sync, async"),
        ("# /// script\n# [tool.isolation-matrix]\n# mode = 'futur'\n# ///\n", 3, "field 'mode': expected one of legacy, future"),
        ("# /// script\n# dependencies = [1]\n# ///\n", 2, "field 'dependencies': expected a text or a list"),
        ("# /// script\n# dependencies = ['SQLAlchemy>>2']\n# ///\n", 2, "'SQLAlchemy>>2' is not a requirement"),
        ("# /// script\n# requires-python = 'new'\n# ///\n", 2, "field 'requires-python': is not a version range"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path, text, line, message):
    path = write(tmp_path, text)
    with pytest.raises(HeaderError, match=re.escape(f"{path}:{line}: ") + ".*" + re.escape(message)):
        read_header(path)


@pytest.mark.parametrize(
    ("header", "stack", "unmet"),
    [
        (Header(), SYNC, None),
        (Header(dependencies=("SQLAlchemy>=1.4", "pytest")), SYNC, None),
        (Header(dependencies=("sqlalchemy >= 2.0",)), SYNC, "needs sqlalchemy>=2.0, the stack has 1.4.54"),
        (Header(dependencies=("psycopg2-binary",)), SYNC, None),
        (Header(dependencies=("Flask>=3",)), SYNC, "needs Flask>=3, the stack does not have it"),
        (Header(dependencies=("Flask; python_version<'3.9'",)), SYNC, None),
        (Header(dependencies=("Flask; python_version<'3.12'",)), SYNC, "needs Flask, the stack does not have it"),
        (Header(driver="async"), SYNC, "needs a driver that is async, the stack's psycopg2-binary is synchronous"),
        (Header(driver="async"), ASYNC, None),
        (Header(driver="sync"), ASYNC, "needs a driver that is sync, the stack's asyncpg is asynchronous"),
        (Header(modes=("future",)), SYNC, "needs mode future, the stack has legacy"),
        (Header(modes=("legacy",)), SYNC, None),
        (Header(requires_python=">=3.12"), SYNC, "needs Python >=3.12, the stack has 3.11"),
        (Header(requires_python=">=3.8"), SYNC, None),
        (Header(capabilities=("copy",)), SYNC, None),
        (Header(capabilities=("copy", "create_database_from_template")), SYNC, "needs a server that can create database from template"),
    ],
)
def test_whether_a_stack_meets_a_header(header, stack, unmet):
    assert find_unmet(header, PACKAGES, stack, {"copy": True, "create_database_from_template": False}) == unmet
