"""Why a cell would run: which part of its key differs from that of the facts on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matrix.keeping.choice import DOES_NOT_APPLY
from matrix.keeping.keys import PARTS, KeyMaker, find_differing
from matrix.keeping.store import read_store
from matrix.plan.contents import find_cases, find_recipes
from matrix.plan.rows import load_stacks
from matrix.plan.selection import ORDERS, Plan, SelectionError, select
from matrix.run.known import Known
from matrix.supervisor.job import DEADLINE_S


def explain_cell(cell: str, directory: Path, ways: Sequence[str], order: str = ORDERS[0]) -> list[str]:
    """Return in lines for people whether a cell would be kept, and if not, why. Raises SelectionError for a name that there is not."""
    stack_id, recipe_id, case_id = split_name(cell)
    stack = select(load_stacks(), [stack_id], "stack")[0]
    recipe = select(find_recipes(), [recipe_id], "recipe")[0]
    case = select(find_cases(), [case_id], "case")[0]
    keys = KeyMaker(ways, order, DEADLINE_S)
    key = keys.make_keys(stack).make_key(recipe_id, case_id)
    known = Known(Plan([stack], [recipe], [case], False), keys, directory)
    store = read_store(directory, stack_id)
    stored = store.cells.get((recipe_id, case_id))
    record = store.recipes.get(recipe_id)
    if stored is None and record and DOES_NOT_APPLY in record[2]:
        return describe_differences(f"{recipe_id} was found not to apply to {stack_id}", record[0], keys.make_keys(stack).make_key(recipe_id))
    if stored is None:
        return [f"{cell} runs: no facts of it are on disk"]
    if differing := find_differing(stored.key, key):
        return [f"{cell} runs: of what it used, this differs"] + [f"  {name}: {PARTS[name]}" for name in differing]
    if case in known.look(stack)[2].todo.get(recipe_id, ()):
        return [f"{cell} runs: its key is still true, but it was not kept: {say_unkept(known, stack_id, recipe_id, case_id)}"]
    return [f"{cell} is kept: all of {', '.join(PARTS)} is as it was" + (f" on {store.started[stored.run]}" if stored.run in store.started else "")]


def split_name(cell: str) -> tuple[str, str, str]:
    """Return stack, recipe and case of a cell's id. Raises SelectionError."""
    parts = cell.split("/", 3)
    if len(parts) != 4 or not all(parts):
        raise SelectionError(
            f"{cell!r} is no cell; expected <stack>/<family>/<recipe>/<case>, as in sa20-psycopg2-postgresql18/plain/create_savepoint/commit_twice"
        )
    return parts[0], f"{parts[1]}/{parts[2]}", parts[3].partition("[")[0]


def describe_differences(what: str, key: str, now: str) -> list[str]:
    """Return what differs between two keys of a recipe's own line."""
    differing = find_differing(key, now)
    return (
        [f"{what}; that is kept"] if not differing else [f"{what}; it is asked again, since this differs"] + [f"  {name}: {PARTS[name]}" for name in differing]
    )


def say_unkept(known: Known, stack: str, recipe: str, case: str) -> str:
    """Return why facts with a true key are not kept."""
    expected = known.expectations.get(stack, {}).get((recipe, case))
    if expected is None:
        return "nobody has reviewed it yet; `nox -s accept` does"
    return f"its facts are not what the baseline says ({expected.verdict}), they waver, or its recipe did not end"
