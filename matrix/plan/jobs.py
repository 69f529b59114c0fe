"""The job matrix of a hosted CI, made from the same rows as every other run. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

from matrix.plan.rows import Stack

LIMIT = 256  # jobs that GitHub accepts in one matrix


def make_jobs(stacks: Iterable[Stack], limit: int = LIMIT) -> dict[str, list[dict[str, str]]]:
    """Return the job matrix: one job per stack, or one per group of stacks when there are more than `limit`.

    A group shares a database where it can, so that a job pulls few images. `name` is unique and safe in a file name.
    """
    ordered = sorted(stacks, key=lambda stack: stack.database.id)
    size = -(-len(ordered) // limit) or 1
    groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return {"include": [{"name": group[0].id, "stacks": " ".join(stack.id for stack in group)} for group in groups]}
