"""What the report says about recipes and cases is read from their files."""

import hashlib

import pytest

from reports.places import ROOT
from reports.results.content import find_part, read_content

RECIPE = '''# /// script
# dependencies = ["SQLAlchemy>=2.0"]
# ///
"""A title.

What it does: one thing,
and another.
When to use it: sometimes.
Source: "A talk", by somebody
https://example.org/a#b.
"""
'''
CASE = '''"""A theme."""
import pytest


@pytest.mark.essential
def test_first(app):
    """The application does it; production keeps it.

    People care: https://example.org/c
    """
    assert app


def not_a_case():
    pass
'''


@pytest.fixture
def content(tmp_path):
    (tmp_path / "fixtures" / "plain").mkdir(parents=True)
    (tmp_path / "cases").mkdir()
    (tmp_path / "fixtures" / "plain" / "conftest.py").write_text("")
    (tmp_path / "fixtures" / "plain" / "README.md").write_text("# Plain SQLAlchemy\n\nText.\n")
    (tmp_path / "fixtures" / "plain" / "some.py").write_text(RECIPE)
    (tmp_path / "cases" / "theme.py").write_text(CASE)
    return read_content(tmp_path)


def test_recipe_is_described_by_its_docstring_and_shown_to_the_byte(content):
    recipe = content.recipes["plain/some"]
    assert (recipe["title"], recipe["summary"], recipe["source"]) == ("A title.", "one thing, and another.", '"A talk", by somebody')
    assert recipe["link"] == "https://example.org/a#b"
    assert recipe["code"] == RECIPE
    assert recipe["sha256"] == hashlib.sha256(RECIPE.encode()).hexdigest()
    assert recipe["header"]["dependencies"] == ["SQLAlchemy>=2.0"]
    assert not recipe["control"]


def test_family_and_case_are_described(content):
    assert content.families == {"plain": {"title": "Plain SQLAlchemy", "readme": "# Plain SQLAlchemy\n\nText.\n"}}
    assert set(content.cases) == {"first"}
    case = content.cases["first"]
    assert (case["title"], case["link"], case["theme"]) == ("The application does it; production keeps it.", "https://example.org/c", "theme")
    assert case["code"].startswith("@pytest.mark.essential\ndef test_first")
    assert case["code"].endswith("assert app\n")


def test_every_real_recipe_says_what_it_does_and_where_it_comes_from():
    recipes = read_content(ROOT).recipes
    assert recipes
    assert [name for name, recipe in recipes.items() if not (recipe["summary"] and recipe["source"] and recipe["link"])] == []


def test_part_ends_at_the_next_label():
    assert find_part(RECIPE, "When to use it") == "sometimes."
    assert find_part(RECIPE, "Nothing") is None
