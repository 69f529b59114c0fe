"""Files of facts, read and graded, each reduced to what the report needs of it: the facts themselves are large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matrix.facts.reading import load_stack
from reports.forks import compute_all
from reports.page.packing import Details, pack_details
from reports.results.details import make_details
from reports.results.grading import GradedStack, grade_stack, let_go
from reports.results.scope import Scope
from reports.stories import list_told, load_stories

SMALL = 4_000_000  # bytes in all that one process reads sooner than others are started


@dataclass(frozen=True)
class Loaded:
    """One stack: graded, and its details as the page gets them."""

    graded: GradedStack
    details: Details


def load_all(files: Mapping[str, Path], scope: Scope | None) -> dict[str, Loaded]:
    """Return every stack by its id. scope: of the run; None where each file says itself what it is of. Raises FactsError, StoryError."""
    sizes = {path: path.stat().st_size for path in files.values()}
    work = partial(load_graded, scope=scope, told=list_told(load_stories()))
    cores = 1 if sum(sizes.values()) < SMALL else None
    return dict(zip(files, compute_all(work, list(files.values()), sizes.__getitem__, cores), strict=True))


def load_graded(path: Path, scope: Scope | None, told: frozenset[str]) -> Loaded:
    graded = grade_stack(load_stack(path), scope)
    details = pack_details(make_details(graded, told), told)
    return Loaded(let_go(graded), details)
