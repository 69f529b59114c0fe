"""Does an audit say the same of a recipe as the matrix does? Each is put into a project of its own and examined there.

As a command: python -m tests.audit.agreeing STACK... [--recipe GLOB] [--case NAME]; it ends with 1 when a verdict differs.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matrix.audit.examining import Examined, Subject, examine_fixture
from matrix.audit.mistakes import AuditFailed, WrongUse
from matrix.environments.building import prepare_environment
from matrix.judging.baseline import read_baseline
from matrix.judging.changes import Judged
from matrix.judging.verdicts import NOT_APPLICABLE, describe, judge
from matrix.pasting.projects import read_settings, write_blank_project
from matrix.pasting.proof import leave_out
from matrix.plan.contents import ROOT, Recipe, find_recipes
from matrix.plan.rows import Stack, load_stacks
from matrix.servers import Server, start_server
from matrix.servers.directory import open_scratch
from matrix.supervisor.account import make_url

#: The fixture of the complete file through which an application works, by contract.
FIXTURES = {"plain": "session", "asyncio": "session", "flask": "db", "fastapi": "client"}
FAMILIES = tuple(FIXTURES)
MAKE_TABLES = """
import asyncio, os
from models import Base
url = os.environ["DATABASE_URL"]
try:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.engine.url import make_url
    is_async = make_url(url).get_dialect().is_async
except ImportError:
    is_async = False
if is_async:
    async def make():
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()
    asyncio.run(make())
else:
    from sqlalchemy import create_engine
    Base.metadata.create_all(create_engine(url))
"""


@dataclass
class Agreement:
    """Cells of recipes on a stack: those whose verdict is the matrix's, those that the fixture could not be asked, and the rest."""

    identical: int = 0
    not_asked: dict[str, int] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def add(self, other: Agreement) -> None:
        self.identical += other.identical
        for reason, count in other.not_asked.items():
            self.not_asked[reason] = self.not_asked.get(reason, 0) + count
        self.different += other.different
        self.failed += other.failed

    def say(self) -> str:
        asked = sum(self.not_asked.values())
        reasons = "; ".join(f"{count} {reason}" for reason, count in sorted(self.not_asked.items()))
        total = self.identical + asked + len(self.different)
        return f"{total} cells: {self.identical} identical, {asked} n/a ({reasons}), {len(self.different)} different, {len(self.failed)} recipes failed"


def examine_recipe_in_project(
    stack: Stack, recipe: Recipe, server: Server, place: Path, cases: Sequence[str] = (), depth: int | None = None
) -> Examined | None:
    """Put a recipe into a project and examine its fixture there; None where it has no complete file."""
    project = write_blank_project(recipe, stack, place / recipe.id)
    if project is None:
        return None
    settings = read_settings(recipe)
    (project / "pytest.ini").write_text("\n".join(["[pytest]", *settings]) + "\n", encoding="utf-8")
    python = prepare_environment(stack).python
    own = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}

    def prepare(variables: dict[str, str]) -> None:
        subprocess.run([python, "-c", MAKE_TABLES], cwd=project, env={**variables, "PYTHONDONTWRITEBYTECODE": "1"}, check=True)

    subject = Subject(
        project, python, server, place / f"{recipe.path.stem}.facts", lambda account, _: {**own, "DATABASE_URL": make_url(stack, account)},
        prepare, FIXTURES[recipe.contract], leave_out(recipe), cases, depth,
    )  # fmt: skip
    return examine_fixture(subject)


def compare(examined: Examined, stack: Stack, recipe: Recipe, baseline: Mapping[str, Judged]) -> Agreement:
    """Hold every verdict against the reviewed baseline."""
    agreement = Agreement()
    for case, first in examined.found.first.items():
        judgement = judge(first, examined.found.confirmation.get(case))
        known = baseline.get(f"{stack.id}/{recipe.id}/{case}")
        if known is not None and known.verdict == judgement.verdict:
            agreement.identical += 1
        elif judgement.verdict == NOT_APPLICABLE:
            reason = first["unmet"]
            agreement.not_asked[reason] = agreement.not_asked.get(reason, 0) + 1
        else:
            expected = known.verdict if known else "not reviewed"
            agreement.different.append(f"{stack.id}/{recipe.id}/{case}: {judgement.verdict}, the matrix says {expected}: {describe(judgement.shown)}")
    return agreement


def choose_recipes(stack: Stack, baseline: Mapping[str, Judged], patterns: Sequence[str]) -> Iterator[Recipe]:
    """Yield the recipes of families that have complete files, those that the matrix has reviewed on the stack."""
    reviewed = {cell.split("/")[1] + "/" + cell.split("/")[2] for cell in baseline if cell.startswith(stack.id + "/")}
    for recipe in find_recipes().values():
        if recipe.family in FAMILIES and recipe.id in reviewed and any(fnmatch.fnmatch(recipe.id, pattern) for pattern in patterns):
            yield recipe


def agree_on(stack: Stack, recipes: Iterable[Recipe], baseline: Mapping[str, Judged], place: Path, cases: Sequence[str]) -> Agreement:
    """Examine recipes on a stack and print how each agrees."""
    total = Agreement()
    server = start_server(stack.database)
    try:
        for recipe in recipes:
            started = time.monotonic()
            one = Agreement()
            try:
                examined = examine_recipe_in_project(stack, recipe, server, place, cases)
                if examined is None:
                    print(f"{stack.id} {recipe.id}: no complete file", flush=True)
                    continue
                one = compare(examined, stack, recipe, baseline)
            except (AuditFailed, WrongUse) as error:
                one.failed.append(f"{stack.id}/{recipe.id}: {error}")
            print(f"{stack.id} {recipe.id}: {one.say()} ({time.monotonic() - started:.0f} s)", flush=True)
            for line in one.different + one.failed:
                print(f"   {line}", flush=True)
            total.add(one)
    finally:
        server.stop()
    return total


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", nargs="+")
    parser.add_argument("--recipe", action="append", default=[])
    parser.add_argument("--case", action="append", default=[])
    options = parser.parse_args(arguments)
    baseline, total = read_baseline(ROOT / "reports" / "baseline.json") or {}, Agreement()
    with open_scratch() as place:
        for name in options.stacks:
            stack = load_stacks()[name]
            total.add(agree_on(stack, choose_recipes(stack, baseline, options.recipe or ["*"]), baseline, place / name, options.case))
    print(f"in all {total.say()}")
    return 1 if total.different or total.failed or not total.identical else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
