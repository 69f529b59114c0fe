"""Which clean cells' timelines are stored: those of cells that a story of the report tells of. Nobody reads the others."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from matrix.plan.contents import ROOT

STORIES = ROOT / "reports" / "stories"


@cache
def find_told(directory: Path = STORIES) -> frozenset[str]:
    """Return the ids of the cells that stories tell of; whether the stories are well written is for their reader to say."""
    told: set[str] = set()
    for path in directory.glob("*.toml"):
        story = tomllib.loads(path.read_text(encoding="utf-8"))
        for claim in story.get("claim", ()):
            stack, recipe = claim.get("stack", story.get("stack")), claim.get("recipe")
            told.update(f"{stack}/{recipe}/{case}" for case in claim.get("cases", ()))
    return frozenset(told)
