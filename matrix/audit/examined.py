"""A project's own fixture, as the supervisor sees a recipe."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from matrix.judging.controls import is_control
from matrix.plan.contents import Recipe
from matrix.plan.headers import Header

FAMILY, CONTROL = "yours", "control"


@dataclass(frozen=True)
class ExaminedFixture(Recipe):
    """A fixture of a project; `path` is the project's folder."""

    texts: str = ""
    """Hash of the conftest.py files that it may be in."""

    @classmethod
    def make(cls, project: Path, name: str) -> ExaminedFixture:
        """Return the fixture of that name."""
        digest = hashlib.sha256()
        for path in sorted(path for path in project.rglob("conftest.py") if "site-packages" not in path.parts):
            digest.update(path.read_bytes())
        told = f"{name}_" if is_control(name) else name  # whatever it is called, nothing is known of it
        return cls(f"{FAMILY}/{told}", FAMILY, project, digest.hexdigest())

    @property
    def is_control(self) -> bool:
        """Whatever the project's folder is called: only the control itself is one."""
        return self.family == CONTROL

    @property
    def contract(self) -> str:
        """It has none of the families' contracts; its control is the one that runs beside it."""
        return CONTROL

    @property
    def header(self) -> Header:
        """It needs nothing that the project does not have."""
        return Header()

    @property
    def sha256(self) -> str:
        """Hash of what defines it."""
        return self.texts
