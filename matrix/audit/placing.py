"""Copies the cases for a project's own process, under names and on tables that cannot meet his."""

from __future__ import annotations

import re
from pathlib import Path

from matrix.audit.serving import PACKAGE, place_probe
from matrix.plan.contents import CASES

CASES_PACKAGE = "isolation_matrix_cases"
PREFIX = "isolation_matrix_"
TABLES = re.compile(r"\b(customers|orders|alembic_version)\b")
#: pytest is told to rewrite the modules in it; that it was imported before is meant.
OPENING = '"""The shared cases of Isolation Matrix. PYTEST_DONT_REWRITE"""\n'


def place_everything(directory: Path) -> None:
    """Put the probe and the cases into a directory that goes on the path of the project's process."""
    place_probe(directory)
    for module in (directory / PACKAGE).glob("*.py"):
        module.write_text(point_to_cases(module.read_text("utf-8")), "utf-8")
    target = directory / CASES_PACKAGE
    target.mkdir()
    for source in CASES.glob("*.py"):
        target.joinpath(source.name).write_text(rename_tables(point_to_cases(source.read_text("utf-8"))), "utf-8")
    target.joinpath("__init__.py").write_text(OPENING, "utf-8")


def point_to_cases(text: str) -> str:
    """Return a module's text with the cases under the name that they have in the project's process."""
    text = re.sub(r"\bfrom cases\b", f"from {CASES_PACKAGE}", text)
    return re.sub(r'\b(register_assert_rewrite|import_module|find_spec)\("cases(?=["\.])', rf'\1("{CASES_PACKAGE}', text)


def rename_tables(text: str) -> str:
    """Return a case module's text on tables with our prefix."""
    return TABLES.sub(rf"{PREFIX}\1", text)
