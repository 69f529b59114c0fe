"""The first line of the facts: what runs, in which exact versions, when and where."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from matrix.facts import JsonObject
from matrix.facts.writing import FORMAT
from matrix.plan.contents import Case, Recipe
from matrix.supervisor.failures import InstrumentBroken
from matrix.supervisor.job import StackJob
from matrix.supervisor.warm import Starter
from matrix.witness import Witness


def describe_stack(warm: Starter) -> JsonObject:
    """Ask a child of the warm process for versions, extensions and schema."""
    child = warm.fork({"task": "describe"})
    try:
        answer = child.channel.receive(30.0)
        if answer is None:
            raise TimeoutError("it said nothing within 30 s")
        described: JsonObject = answer["described"]
        return described
    except Exception as error:
        child.wait(2.0)
        raise InstrumentBroken(f"the stack cannot describe itself: {error}\n{child.read_output()}") from error
    finally:
        child.close()


def make_header(job: StackJob, witness: Witness, described: JsonObject) -> JsonObject:
    """Return the first line of the facts: what ran, in which exact versions, when and where."""
    stack, database = job.stack, job.stack.database
    return {
        "kind": "header",
        "format": FORMAT,
        "run": job.run_id,
        "stack": {
            **{name: getattr(stack, name) for name in ("id", "line", "mode", "python", "dialect", "driver", "asynchronous", "promised")},
            "database": {"id": database.id, "product": database.product, "major": database.major},
        },
        "versions": {name: described[name] for name in ("python", "implementation", "packages")} | {"server": job.server.version},
        "c_extensions": described["c_extensions"],
        "server": {"way": job.server.way, "version": job.server.version},
        "capabilities": witness.capabilities | described["capabilities"],
        "selection": describe_selection(job.recipes, job.cases, job.complete),
        **describe_contents(job.recipes, job.cases),
        "instrument": job.keys.shared["instrument"] if job.keys else None,
        "started": now(),
        "host": {"cores": os.cpu_count(), "system": platform.platform()},
    }


def describe_contents(recipes: Iterable[Recipe], cases: Iterable[Case]) -> JsonObject:
    """Return which recipes and cases a file of facts is of, by their hashes, and whose contract each family has."""
    recipes = list(recipes)
    return {
        "recipes": {recipe.id: {"sha256": recipe.sha256} for recipe in recipes},
        "contracts": {recipe.family: recipe.contract for recipe in recipes},
        "cases": {case.id: {"sha256": case.sha256, "level": case.level, "theme": case.theme, "commits": case.commits} for case in cases},
    }


def describe_selection(recipes: Sequence[Recipe], cases: Sequence[Case], complete: bool) -> JsonObject:
    """Return what was selected; `pairs` names the cases of each recipe that does not take all of them."""
    selection = {"complete": complete, "recipes": [recipe.id for recipe in recipes], "cases": [case.id for case in cases]}
    taken = {recipe.id: [case.id for case in cases if recipe.takes(case)] for recipe in recipes}
    pairs = {recipe: cases for recipe, cases in taken.items() if cases != selection["cases"]}
    return {**selection, "pairs": pairs} if pairs else selection


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
