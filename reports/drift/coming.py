"""What will change: the same rows with pre-releases of SQLAlchemy and the drivers, against the results of today."""

from matrix.facts import JsonObject
from reports.drift.comparison import compare_results


def find_coming(now: JsonObject, ahead: JsonObject) -> JsonObject:
    """Return the 'coming' of results.schema.json: versions that differ and the cells that change with them.

    now, ahead: results.json of today's pins and of the pre-releases; only stacks that ran in both are compared.
    """
    stacks = [stack for stack in ahead["cells"] if stack in now["cells"]]
    parts = ({"generated": ahead["generated"], "cells": {stack: results["cells"][stack] for stack in stacks}} for results in (now, ahead))
    return {**compare_results(*parts), "stacks": len(stacks), "versions": list_versions(now, ahead, stacks)}


def list_versions(now: JsonObject, ahead: JsonObject, stacks: list[str]) -> list[JsonObject]:
    """Return each step of a package's version with the stacks that make it, by package."""
    steps: dict[tuple[str, str, str], list[str]] = {}
    for stack in stacks:
        before, after = (results["stacks"][stack]["versions"]["packages"] for results in (now, ahead))
        for package in sorted(before.keys() & after.keys()):
            if before[package] != after[package]:
                steps.setdefault((package, before[package], after[package]), []).append(stack)
    return [{"package": package, "from": old, "to": new, "stacks": where} for (package, old, new), where in sorted(steps.items())]
