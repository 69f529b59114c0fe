"""One stack from its environment to its facts file, as a readable list of steps."""

from __future__ import annotations

import random
import time
from urllib.parse import quote

from matrix.facts import JsonObject
from matrix.facts.writing import FactsFile
from matrix.judging.controls import check_controls
from matrix.plan.contents import Case, Recipe
from matrix.plan.headers import find_unmet
from matrix.plan.rows import Stack
from matrix.servers import Server
from matrix.supervisor.account import name_database, stack_environment
from matrix.supervisor.cells import RecipeFacts, examine_recipe
from matrix.supervisor.examination import Examination
from matrix.supervisor.failures import ControlMisbehaved, InstrumentBroken
from matrix.supervisor.header import describe_stack, make_header, now
from matrix.supervisor.job import StackJob
from matrix.supervisor.warm import WarmProcess
from matrix.witness import Account, Witness, open_witness


def run_stack(job: StackJob) -> float:
    """Run every selected cell of a stack and write its facts file; returns the wall time in seconds.

    Raises InstrumentBroken (a blinded witness, a misbehaving control, a baseline that cannot be
    restored), WarmProcessFailed, or what the witness raises when the server has gone.
    """
    started = time.monotonic()
    witness = open_witness(job.server, name_database(job.stack), job.stack.password_rounds)
    facts = FactsFile(job.directory / f"{job.stack.id}.jsonl", hidden_texts(job.server, witness.account))
    try:
        with WarmProcess(job.python, stack_environment(job.stack, witness.account)) as warm:
            described = describe_stack(warm)
            witness.build_schema(described["ddl"])
            prove_sight(witness)
            facts.write(make_header(job, witness, described))
            examination = Examination(job.stack, witness, warm, witness.record_baseline(), job.deadline_s, job.stop, job.on_cell)
            run_recipes(job, examination, facts, described)
        job.server.check_room()
        wall = round(time.monotonic() - started, 3)
        facts.finish({"finished": now(), "wall_s": wall, "controls": "behaved", "problems": []})
        return wall
    finally:
        facts.abandon()
        witness.close()


def run_recipes(job: StackJob, examination: Examination, facts: FactsFile, described: JsonObject) -> None:
    """Run the recipes that apply, the controls of each family first; a control that misbehaves ends the run."""
    capabilities = examination.witness.capabilities | described["capabilities"]
    for recipe in put_in_order(job.recipes, job.order):
        unmet = find_unmet(recipe.header, described["packages"], job.stack, capabilities)
        if unmet:
            facts.write({"kind": "recipe", "recipe": recipe.id, "applies": False, "unmet": unmet})
            continue
        cases, unmet_cells = split_cases(job, recipe, capabilities)
        found = examine_recipe(examination, recipe, cases)
        for line in [*unmet_cells, *found.cells]:
            facts.write(line)
        facts.write(describe_recipe(recipe, found))
        if recipe.is_control:
            refuse_misbehaviour(recipe, found, cases)


def split_cases(job: StackJob, recipe: Recipe, capabilities: dict[str, bool]) -> tuple[list[Case], list[JsonObject]]:
    """Return the cases that can run, in order, and a cell line for each that needs what the stack lacks."""
    runnable, unmet_cells = [], []
    for case in filter(recipe.takes, job.cases):
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


def describe_recipe(recipe: Recipe, found: RecipeFacts) -> JsonObject:
    """Return the recipe's own line: what remained when its session- and module-scoped fixtures had ended."""
    return {
        "kind": "recipe",
        "recipe": recipe.id,
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
