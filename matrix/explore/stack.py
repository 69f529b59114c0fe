"""Explores one stack: production first, then each recipe, from programs to reasons."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from matrix.explore.naming import name_differences
from matrix.explore.operations import Program
from matrix.explore.oracle import Oracle
from matrix.explore.outcome import Difference, compare
from matrix.explore.process import ProgramPlayer
from matrix.explore.reasons import group_by_signature, make_reasons
from matrix.explore.shrinking import shrink_all
from matrix.facts import JsonObject
from matrix.facts.writing import FactsFile
from matrix.plan.contents import CONTROLS, Recipe
from matrix.plan.headers import find_unmet
from matrix.plan.rows import Stack
from matrix.servers import Server
from matrix.supervisor.account import stack_environment
from matrix.supervisor.examination import Examination
from matrix.supervisor.header import now
from matrix.supervisor.job import DEADLINE_S
from matrix.supervisor.recipe import RecipeUncollected
from matrix.supervisor.review import Review
from matrix.supervisor.stack import open_records, prepare_witness
from matrix.supervisor.warm import Starter, WarmProcess

MOST_NAMED = 60  # differences of one recipe that look unlike each other; more are told, not named


@dataclass(frozen=True)
class ExploreJob:
    """What is to be explored on one stack, and where the result goes."""

    stack: Stack
    python: Path
    server: Server
    recipes: list[Recipe]
    programs: list[Program]
    about: JsonObject
    """Depth, seed and numbers, as the header says them."""
    directory: Path
    run_id: str
    stop: Event = field(default_factory=Event)
    on_program: Callable[[], None] = lambda: None
    on_recipe: Callable[[JsonObject], None] = lambda line: None
    deadline_s: float = DEADLINE_S


class StackExplorer:
    """What the recipes of one stack share: its witness, its warm process, production's answers."""

    def __init__(self, job: ExploreJob, exam: Examination) -> None:
        self.job, self.exam = job, exam
        self._oracles: dict[str, Oracle] = {}

    def find_oracle(self, recipe: Recipe) -> Oracle:
        """Return production's answers for the contract of a recipe, asked for every program the first time."""
        family = recipe.contract
        if family not in self._oracles:
            self._oracles[family] = self.make_oracle(recipe)
        self._oracles[family].ask(self.job.programs, self.job.on_program)
        return self._oracles[family]

    def make_oracle(self, recipe: Recipe) -> Oracle:
        """Return what asks production of the recipe's contract."""
        path = recipe.path.parents[1] / recipe.contract / f"{CONTROLS[0]}.py"
        return Oracle(Recipe(f"{recipe.contract}/{CONTROLS[0]}", recipe.contract, path), self.open_player)

    def open_player(self, recipe: Recipe, looks: bool, starter: Starter | None = None) -> ProgramPlayer:
        """Return a player of programs under a recipe; looks: whether what a program leaves counts; starter: of its processes, if another's."""
        exam = self.exam
        return ProgramPlayer(starter or exam.warm, exam.witness, recipe, exam.original, exam.deadline_s, exam.stop, looks)

    def explore(self, recipe: Recipe) -> JsonObject:
        """Return what exploring one recipe came to."""
        oracle = self.find_oracle(recipe)
        with self.open_player(recipe, True) as player:
            started = time.monotonic()
            differences = self.play(player, oracle, self.job.programs)
            seconds = time.monotonic() - started
            shortest, left = self.shorten(player, oracle, differences)
        named = name_differences(self.exam, recipe, [difference for difference, _ in shortest]) if shortest else []
        return {
            "kind": "recipe",
            "recipe": recipe.id,
            "applies": True,
            "sha256": recipe.sha256,
            "programs": len(self.job.programs),
            "unsteady": [list(program) for program in sorted(oracle.unsteady)],
            "differing": len(differences),
            "unnamed": left,
            "reasons": make_reasons([(one, count) for one, (_, count) in zip(named, shortest, strict=True)]),
            "rate": round(len(self.job.programs) / seconds, 1),
            "shrunk_s": round(time.monotonic() - started - seconds, 1),
        }

    def play(self, player: ProgramPlayer, oracle: Oracle, programs: Sequence[Program]) -> list[Difference]:
        """Play programs under a recipe and return those that differ from production."""
        found = []
        for program in programs:
            difference = compare(player.play(program), oracle.answer(program), isolated=not is_production(player.recipe))
            found += [difference] if difference else []
            self.job.on_program()
        return found

    def shorten(self, player: ProgramPlayer, oracle: Oracle, differences: Sequence[Difference]) -> tuple[list[tuple[Difference, int]], int]:
        """Return programs of which no step can be left out, each with how many differences it explains, and how many none does."""
        known: dict[Program, Difference | None] = {}

        def attempt(programs: Sequence[Program]) -> list[Difference | None]:
            new = [program for program in programs if program not in known]
            player.retire()  # production plays on the same database
            oracle.ask(new, twice=False)
            found = {other.outcome.program: other for other in self.play(player, oracle, new)}
            known.update({program: found.get(program) for program in new})
            return [known[program] for program in programs]

        found: list[tuple[Difference, int]] = []
        left = 0
        for group in group_by_signature(differences).values():
            shortest, more = shrink_all(group, attempt, MOST_NAMED - len(found))
            found, left = found + shortest, left + more
        return found, left

    def close(self) -> None:
        """End production's processes."""
        for oracle in self._oracles.values():
            oracle.close()


def is_production(recipe: Recipe) -> bool:
    """Say whether the recipe isolates nothing by design: what it leaves is what production leaves."""
    return recipe.is_control and recipe.path.stem == CONTROLS[0]


def explore_stack(job: ExploreJob) -> list[JsonObject]:
    """Explore the recipes that apply to a stack; put what was found on disk and return it, a line for each recipe."""
    lines: list[JsonObject] = []
    started = time.monotonic()
    with open_explorer(job) as (explorer, facts, header):
        facts.write(header)
        for recipe in job.recipes:
            lines.append(explore_recipe(explorer, recipe, header))
            facts.write(lines[-1])
            job.on_recipe(lines[-1])
        facts.finish({"finished": now(), "wall_s": round(time.monotonic() - started, 3)})
    return lines


def explore_recipe(explorer: StackExplorer, recipe: Recipe, header: JsonObject) -> JsonObject:
    """Return the line of one recipe; one that does not apply or cannot be collected says so."""
    unmet = find_unmet(recipe.header, header["versions"]["packages"], explorer.job.stack, header["capabilities"])
    if unmet:
        return {"kind": "recipe", "recipe": recipe.id, "applies": False, "unmet": unmet}
    try:
        return explorer.explore(recipe)
    except RecipeUncollected as error:
        return {"kind": "recipe", "recipe": recipe.id, "applies": False, "unmet": f"it cannot be collected: {error.text[-300:]}"}


@contextmanager
def open_explorer(job: ExploreJob) -> Iterator[tuple[StackExplorer, FactsFile, JsonObject]]:
    """Start what a stack needs, and end all of it however the block ends."""
    with (
        open_records(job.stack, job.server, job.directory) as (witness, facts),
        WarmProcess(job.python, stack_environment(job.stack, witness.account)) as warm,
    ):
        described = prepare_witness(witness, warm)
        review = Review(job.run_id, job.stack.database.product)
        exam = Examination(job.stack, witness, warm, witness.record_baseline(), job.deadline_s, job.stop, lambda cell: None, review)
        with closing(StackExplorer(job, exam)) as explorer:
            yield explorer, facts, make_header(job, described, witness.capabilities | described["capabilities"])


def make_header(job: ExploreJob, described: JsonObject, capabilities: dict[str, bool]) -> JsonObject:
    """Return the first line: what was explored, how deep, in which exact versions."""
    return {
        "kind": "header",
        "format": 1,
        "run": job.run_id,
        "stack": job.stack.id,
        "line": job.stack.line,
        "mode": job.stack.mode,
        "product": job.stack.database.product,
        "versions": {name: described[name] for name in ("python", "packages")} | {"server": job.server.version},
        "capabilities": capabilities,
        "started": now(),
        **job.about,
    }
