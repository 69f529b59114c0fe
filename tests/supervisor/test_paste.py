"""Pasting: the text is the recipe's, byte for byte; a recipe that would mean something else is found."""

import pytest

from matrix import paste
from matrix.paste import choose_stacks, paste_recipe, prove_pasting
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_stacks
from matrix.plan.selection import Selection

RECIPES = find_recipes()
WAYS = ("embedded", "local", "container")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_pasted_text_is_the_recipe_byte_for_byte(tmp_path, recipe):
    pasted = paste_recipe(recipe, tmp_path)
    assert (pasted.path / "conftest.py").read_bytes() == recipe.path.read_bytes()
    assert (pasted.path.parent / "conftest.py").read_bytes() == recipe.path.with_name("conftest.py").read_bytes()
    assert list(pasted.path.glob("test_*.py"))
    assert (pasted.id, pasted.header, pasted.is_control) == (recipe.id, recipe.header, recipe.is_control)


def test_every_line_is_chosen_with_every_kind_of_driver_that_it_has():
    stacks = load_stacks().values()
    chosen = choose_stacks(stacks)
    assert {(stack.line, stack.asynchronous) for stack in chosen} == {(stack.line, stack.asynchronous) for stack in stacks if stack.promised}
    assert len(chosen) < len(load_stacks()) / 2


@pytest.mark.parametrize(("stack", "recipe"), [("sa13-psycopg2-postgresql18", "plain/docs_13"), ("sa20-asyncpg-postgresql18", "asyncio/create_savepoint")])
def test_a_recipe_means_the_same_pasted(capsys, stack, recipe):
    selection = Selection((stack,), (recipe,), ("commit_twice", "commit_as_text"))
    assert prove_pasting(selection, 1, WAYS) == 0, capsys.readouterr().out
    assert "2 cells compared on 1 stacks" in capsys.readouterr().out


def test_a_recipe_that_means_something_else_pasted_is_found(capsys, monkeypatch):
    def paste_another(recipe, folder):
        pasted = paste_recipe(recipe, folder)
        (pasted.path / "conftest.py").write_bytes(RECIPES["plain/real_commits"].path.read_bytes())
        return pasted

    monkeypatch.setattr(paste, "paste_recipe", paste_another)
    selection = Selection(("sa20-psycopg2-postgresql18",), ("plain/create_savepoint",), ("commit_twice",))
    assert prove_pasting(selection, 1, WAYS) == 1
    assert "plain/create_savepoint/commit_twice: isolates as a module, leaks as a conftest.py" in capsys.readouterr().out
