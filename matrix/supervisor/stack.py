"""One stack from its environment to its facts file, as a readable list of steps."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from matrix.facts import JsonObject
from matrix.facts.writing import FactsFile
from matrix.judging.controls import check_controls
from matrix.keeping.carrying import find_oldest, finish_facts, list_runs
from matrix.keeping.choice import Work
from matrix.keeping.store import ASIDE, Store
from matrix.plan.contents import Case, Recipe
from matrix.plan.headers import find_unmet
from matrix.plan.rows import Stack
from matrix.servers import Server
from matrix.supervisor.account import name_database, stack_environment
from matrix.supervisor.cells import RecipeFacts, examine_recipe
from matrix.supervisor.examination import Examination
from matrix.supervisor.failures import ControlMisbehaved, InstrumentBroken
from matrix.supervisor.header import describe_stack, make_header, now
from matrix.supervisor.job import StackJob, StackRun
from matrix.supervisor.review import Review
from matrix.supervisor.warm import WarmProcess
from matrix.witness import Account, Witness, open_witness


def run_stack(job: StackJob) -> StackRun:
    """Run a stack's work, put what is kept beside it, and write its facts file; nothing is kept when a sampled cell disagrees.

    Raises InstrumentBroken (a blinded witness, a misbehaving control, a baseline that cannot be
    restored), WarmProcessFailed, or what the witness raises when the server has gone.
    """
    run = run_work(job)
    if not run.disagreed:
        return run
    (job.directory / ASIDE / f"{job.stack.id}.jsonl").unlink(missing_ok=True)
    return replace(run_work(replace(job, work=None, store=Store())), disagreed=run.disagreed)


def run_work(job: StackJob) -> StackRun:
    """Run what has to run, as a readable list of steps; a run in which a sampled cell disagrees leaves no file."""
    started = time.monotonic()
    with open_records(job.stack, job.server, job.directory) as (witness, facts):
        with WarmProcess(job.python, stack_environment(job.stack, witness.account)) as warm:
            described = prepare_witness(witness, warm)
            header = make_header(job, witness, described) | {"prices": witness.price_work()}
            work = choose_work(job, header)
            facts.write(header | {"runs": list_runs(job.store, work.kept, job.run_id, header["started"])})
            ran = run_recipes(job, make_examination(job, witness, warm, facts), work, header)
        job.server.check_room()
        wall = round(time.monotonic() - started, 3)
        if not ran.disagreed:
            members = {(recipe.id, case.id) for recipe in job.recipes for case in job.cases if recipe.takes(case)}
            footer = {"finished": now(), "wall_s": wall, "ran": ran.cells, "controls": "behaved", "problems": []}
            finish_facts(facts, job.store, work, members, footer)
        return StackRun(wall, ran.cells, len(work.kept), find_oldest(work.kept, job.store), tuple(ran.disagreed))


@contextmanager
def open_records(stack: Stack, server: Server, directory: Path) -> Iterator[tuple[Witness, FactsFile]]:
    """Open a stack's witness on a database of its own and the file of what will be found; both end however the block ends."""
    witness = open_witness(server, name_database(stack), stack.password_rounds)
    facts = FactsFile(directory / f"{stack.id}.jsonl", hidden_texts(server, witness.account))
    try:
        yield witness, facts
    finally:
        facts.abandon()
        witness.close()


def prepare_witness(witness: Witness, warm: WarmProcess) -> JsonObject:
    """Build the sample schema, demand that the witness sees, and return what the stack says of itself."""
    described = describe_stack(warm)
    witness.build_schema(described["ddl"])
    prove_sight(witness)
    return described


def choose_work(job: StackJob, header: JsonObject) -> Work:
    """Return what has to run: all of it when the stack is not the very one that earlier facts are of."""
    return job.work if job.work and is_same_stack(header, job.store.header) else job.choose_all()


@dataclass
class Ran:
    """How many cells ran, and which sampled ones are not what was kept of them."""

    cells: int = 0
    disagreed: list[str] = field(default_factory=list)


def run_recipes(job: StackJob, exam: Examination, work: Work, header: JsonObject) -> Ran:
    """Run the recipes that apply, the controls of each contract first; a control that misbehaves ends the run."""
    ran, capabilities = Ran(), header["capabilities"]
    for recipe in put_in_order([recipe for recipe in job.recipes if recipe.id in work.todo], job.order):
        unmet = find_unmet(recipe.header, header["versions"]["packages"], job.stack, capabilities)
        if unmet:
            exam.record(exam.review.stamp_recipe(recipe.id, {"applies": False, "unmet": unmet}))
            continue
        cases, unmet_cells = split_cases(job, recipe, work.todo[recipe.id], capabilities)
        found = examine_recipe(exam, recipe, cases, unmet_cells)
        exam.record(exam.review.stamp_recipe(recipe.id, describe_recipe(found)))
        ran.cells += len(found.first)
        if recipe.is_control:
            refuse_misbehaviour(recipe, found, job.cases)
        if recipe.id in work.sampled:
            ran.disagreed += [cell["cell"] for case, cell in found.first.items() if exam.review.disagrees(cell, found.confirmation.get(case))]
        if ran.disagreed:
            break
    return ran


def make_examination(job: StackJob, witness: Witness, warm: WarmProcess, facts: FactsFile) -> Examination:
    """Return what the cells of the stack share."""
    commits = {case.id: case.commits for case in job.cases}
    review = Review(job.run_id, job.stack.database.product, job.expected, commits, job.keys)
    return Examination(job.stack, witness, warm, witness.record_baseline(), job.deadline_s, job.stop, job.on_cell, review, facts.write, job.inside)


def is_same_stack(header: JsonObject, earlier: JsonObject | None) -> bool:
    """Return whether the stack is the very one that earlier facts are of: its packages, its server, and what they can do."""
    return earlier is None or all(header[name] == earlier.get(name) for name in ("versions", "c_extensions", "server", "capabilities"))


def split_cases(job: StackJob, recipe: Recipe, cases: list[Case], capabilities: dict[str, bool]) -> tuple[list[Case], list[JsonObject]]:
    """Return the cases that can run, in order, and a cell line for each that needs what the stack lacks."""
    runnable, unmet_cells = [], []
    for case in cases:
        lacking = [need for need in case.needs if not capabilities.get(need, False)]
        if lacking:
            unmet_cells.append(unmet_cell(job.stack, recipe, case, lacking[0]))
        else:
            runnable.append(case)
    if job.order == "reversed":
        runnable.reverse()
    elif job.order == "shuffled":
        random.Random(job.run_id).shuffle(runnable)
    return runnable, unmet_cells


def put_in_order(recipes: list[Recipe], order: str) -> list[Recipe]:
    """Return the recipes in the asked order; controls always go first, they vouch for the rest."""
    controls = [recipe for recipe in recipes if recipe.is_control]
    others = [recipe for recipe in recipes if not recipe.is_control]
    if order == "reversed":
        others.reverse()
    elif order == "shuffled":
        random.shuffle(others)
    return controls + others


def unmet_cell(stack: Stack, recipe: Recipe, case: Case, need: str) -> JsonObject:
    """Return the line of a cell whose case needs what this stack's server or driver cannot do."""
    return {
        "kind": "cell",
        "cell": f"{stack.id}/{recipe.id}/{case.id}",
        "recipe": recipe.id,
        "case": case.id,
        "pass": "first",
        "unmet": f"needs {need.replace('_', ' ')}",
    }


def describe_recipe(found: RecipeFacts) -> JsonObject:
    """Return what a recipe's own line says: what remained when its session- and module-scoped fixtures had ended."""
    return {
        "applies": True,
        "residue": [vars(residue) for residue in found.residue],
        "endings": found.endings,
        "repeats": found.repeats,
        "unlogged": found.unlogged,
    }


def refuse_misbehaviour(recipe: Recipe, found: RecipeFacts, cases: list[Case]) -> None:
    """Raise ControlMisbehaved when a control's cells are not what they are known to be."""
    levels = {case.id: {"commits": case.commits, "level": case.level} for case in cases}
    problems = check_controls(found.cells, levels)
    if problems:
        raise ControlMisbehaved(f"control {recipe.id}: " + "; ".join(problems))


def prove_sight(witness: Witness) -> None:
    """Plant one residue of each kind and demand that the witness sees it."""
    unseen = witness.prove_sight()
    if unseen:
        raise InstrumentBroken(f"the witness is blind: planted and not seen: {', '.join(unseen)}")


def hidden_texts(server: Server, account: Account) -> tuple[str, ...]:
    """Return what must never be written: passwords, as they are and as a URL carries them."""
    return (server.password, account.password, quote(server.password), quote(account.password))
