"""Runs deliberately bad recipes through the real supervisor: what tests the tester."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path

from matrix.environments.building import prepare_environment
from matrix.facts.reading import read_records
from matrix.plan.contents import FIXTURES, Recipe, find_cases
from matrix.plan.rows import load_stacks
from matrix.servers import Server
from matrix.supervisor.job import StackJob
from matrix.supervisor.stack import run_stack


@dataclass
class Bench:
    """A folder of recipes of our own beside a family's conftest.py, run on one stack."""

    folder: Path
    stack_id: str
    server: Server
    family: str = "plain"
    deadline_s: float = 2.0

    def __post_init__(self) -> None:
        place = self.folder / "fixtures" / self.family
        place.mkdir(parents=True, exist_ok=True)
        (self.folder / "pytest.ini").write_text("[pytest]\n")  # pytest looks for conftest.py files from here down
        for name in ("conftest.py", f"{self.family}/conftest.py"):
            shutil.copy(FIXTURES / name, self.folder / "fixtures" / name)

    def write_recipe(self, name: str, text: str) -> Recipe:
        """Write a recipe of the family and return it."""
        path = self.folder / "fixtures" / self.family / f"{name}.py"
        path.write_text(textwrap.dedent(text))
        return Recipe(f"{self.family}/{name}", self.family, path)

    def run(self, recipes: list[Recipe], cases: list[str], **options: object) -> list[dict]:
        """Run the recipes' cells and return the lines of the facts file."""
        stack = load_stacks()[self.stack_id]
        known = find_cases()
        job = StackJob(
            stack=stack,
            python=prepare_environment(stack).python,
            server=self.server,
            recipes=recipes,
            cases=[known[name] for name in cases],
            complete=False,
            directory=self.folder / "data",
            run_id="test",
            **{"deadline_s": self.deadline_s} | options,
        )
        run_stack(job)
        path = self.folder / "data" / f"{self.stack_id}.jsonl"
        return read_records(path, path.read_bytes())


def pick_cells(lines: list[dict], recipe: str, pass_name: str = "first") -> dict[str, dict]:
    """Return a recipe's cells of one pass by case."""
    return {line["case"]: line for line in lines if line["kind"] == "cell" and line["recipe"] == recipe and line["pass"] == pass_name}
