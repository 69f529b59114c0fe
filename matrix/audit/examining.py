"""Part two of an audit: the shared cases run through the project's own fixture, examined as a recipe is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matrix.audit.controlling import find_control, make_control, run_control
from matrix.audit.examined import ExaminedFixture
from matrix.audit.learned import STACK, Chosen, check_place, choose_fixture, describe_as_stack
from matrix.audit.mistakes import AuditFailed
from matrix.audit.offers import ASKED, split_cases
from matrix.audit.playing import Playing, play_asked
from matrix.audit.starting import ProjectStarter
from matrix.facts import JsonObject
from matrix.facts.writing import FactsFile
from matrix.plan.contents import Case, Recipe, find_cases
from matrix.plan.rows import Stack
from matrix.probe.channel import ChannelClosed
from matrix.servers import Server
from matrix.supervisor.account import make_url
from matrix.supervisor.cells import RecipeFacts, examine_recipe
from matrix.supervisor.childrun import FIRST
from matrix.supervisor.examination import UNKNOWN, Examination
from matrix.supervisor.failures import InstrumentBroken
from matrix.supervisor.header import describe_stack, make_header, now
from matrix.supervisor.job import StackJob
from matrix.supervisor.review import Review
from matrix.supervisor.stack import describe_recipe, hidden_texts, prove_sight
from matrix.witness import Account, Witness, open_witness

LEARNING_SECONDS = 300.0
#: A project's fixture may make forty tables for each test, on a machine that is busy; who waits for a lock in vain is found much sooner.
DEADLINE_S = 20.0
EVERYTHING = dict.fromkeys(ASKED, True)


@dataclass(frozen=True)
class Subject:
    """A project whose fixture is examined. prepare: puts what its tests need into a database; settle: its variables for an account."""

    project: Path
    python: Path
    server: Server
    output: Path
    settle: Callable[[Account, Server], dict[str, str]]
    prepare: Callable[[dict[str, str]], None] = lambda variables: None
    fixture: str | None = None
    arguments: Sequence[str] = ()
    cases: Sequence[str] = ()
    """Only these; without any, all."""
    depth: int | None = None
    """Of programs that are played as well: all of up to so many steps; None: none."""
    on_cell: Callable[[JsonObject], None] = lambda cell: None
    on_program: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Examined:
    """What came of it: which fixture, as which stack, where the facts are, and which cases were left out and why."""

    chosen: Chosen
    stack: Stack
    facts: Path
    found: RecipeFacts
    left_out: dict[str, str]
    controlled: bool
    programs: JsonObject | None = None
    """What programs came to, None when none was played."""


def examine_fixture(subject: Subject) -> Examined:
    """Run the cases through the project's fixture on a database of its own; the facts are left in `fixture.jsonl`.

    Raises WrongUse, NothingToExamine, AuditFailed, or what the supervisor raises.
    """
    witness = open_witness(subject.server, f"matrix_fixture_{os.getpid()}_{os.urandom(2).hex()}")
    try:
        variables = subject.settle(witness.account, subject.server)
        subject.prepare(variables)
        with ProjectStarter(subject.python, subject.project, variables, {"arguments": list(subject.arguments)}) as starter:
            chosen = choose_fixture(learn(starter, {"fixture": subject.fixture}), subject.fixture)
            starter.request |= chosen.request
            where = chosen.where or learn_application(starter, chosen)["where"]
            check_place(chosen.name, where, witness.account)
            return examine_chosen(subject, replace(chosen, where=where), witness, starter)
    finally:
        witness.close()


def examine_chosen(subject: Subject, chosen: Chosen, witness: Witness, starter: ProjectStarter) -> Examined:
    """Make the database ready, run the control, let the fixture's wider ones make what they make, run the cases, and programs if asked for."""
    started = time.monotonic()
    described, stack = describe_project(subject, chosen, witness, starter)
    witness.build_schema(described["ddl"])
    prove_sight(witness)
    starter.request["tables"] = True
    control = find_control(stack, described["packages"])
    recipes = [ExaminedFixture.make(subject.project, chosen.name), *([make_control(control)] if control else [])]
    job = make_job(subject, stack, recipes)
    header = make_header(job, witness, described) | {"prices": witness.price_work(), "fixture": {"name": chosen.name, "kind": chosen.kind}}
    facts = FactsFile(subject.output / f"{STACK}.jsonl", hidden_texts(subject.server, witness.account))
    try:
        facts.write(header)
        if control:
            cases, _ = split_cases(job.cases, header["capabilities"], EVERYTHING)
            run_control(make_examination(job, witness, starter, facts), recipes[1], control, cases, starter)
        subject.prepare(starter.variables)
        offers = learn_application(starter, chosen)
        runnable, left_out = split_cases(job.cases, header["capabilities"], offers)
        exam = make_examination(job, witness, starter, facts)
        found = run_cases(exam, recipes[0], runnable, left_out)
        programs = play_asked(Playing(job, exam, recipes[0], control, chosen, starter, offers), subject.depth, subject.on_program)
        facts.finish({"finished": now(), "wall_s": round(time.monotonic() - started, 3), "ran": len(runnable), "controls": "behaved", "problems": []})
        return Examined(chosen, stack, facts.path, found, left_out, control is not None, programs)
    finally:
        facts.abandon()


def describe_project(subject: Subject, chosen: Chosen, witness: Witness, starter: ProjectStarter) -> tuple[JsonObject, Stack]:
    """Return what the project's environment says of itself, and the project as a stack."""
    where = chosen.where or {}
    stack = describe_as_stack(where, "0.0", "0.0", subject.server.database)
    starter.variables |= {"MATRIX_DATABASE_URL": make_url(stack, witness.account), "MATRIX_MODE": "future" if where["future"] else "legacy"}
    described = describe_stack(starter)
    stack = describe_as_stack(where, described["python"], described["packages"]["sqlalchemy"], subject.server.database)
    starter.variables["MATRIX_MODE"] = stack.mode
    return described, stack


def learn_application(starter: ProjectStarter, chosen: Chosen) -> JsonObject:
    """Set the fixture up once, with what is wider around it; return what its application offers, and where it works."""
    learned = learn(starter, {})
    if learned["offers"] is None:
        reasons = "; ".join(error["text"] for error in learned["errors"])
        raise AuditFailed(f"cases cannot be run through the fixture {chosen.name}: {reasons or 'no reason was given'}")
    offers: JsonObject = learned["offers"]
    return offers


def learn(starter: ProjectStarter, request: JsonObject) -> JsonObject:
    """Return what the project's fixtures give. Raises AuditFailed."""
    child = starter.fork({"task": "learn", **request})
    try:
        answer = child.channel.receive(LEARNING_SECONDS)
        if answer is None or "learned" not in answer:
            raise ChannelClosed("it said nothing")
    except ChannelClosed:
        raise AuditFailed(f"the project's fixtures could not be set up:\n{child.read_output()}") from None
    child.wait()
    child.close()
    learned: JsonObject = answer["learned"]
    return learned


def make_job(subject: Subject, stack: Stack, recipes: list[ExaminedFixture]) -> StackJob:
    """Return what is to be run, as a stack's run is described."""
    cases = [case for case in find_cases().values() if not subject.cases or case.id in subject.cases]
    run_id = f"{os.getpid()}-{int(time.time())}"
    job = StackJob(stack, subject.python, subject.server, list(recipes), cases, False, subject.output, run_id)
    return replace(job, deadline_s=DEADLINE_S, on_cell=subject.on_cell, inside=UNKNOWN)


def make_examination(job: StackJob, witness: Witness, starter: ProjectStarter, facts: FactsFile) -> Examination:
    """Return what cells share, from the database as it is now; nobody has reviewed what they come to."""
    review = Review(job.run_id, job.stack.database.product, {}, {case.id: case.commits for case in job.cases})
    return Examination(job.stack, witness, starter, witness.record_baseline(), job.deadline_s, job.stop, job.on_cell, review, facts.write, job.inside)


def run_cases(exam: Examination, recipe: Recipe, runnable: list[Case], left_out: dict[str, str]) -> RecipeFacts:
    """Run what can be run as a recipe's cells are run, and record it with what cannot and why."""
    found = examine_recipe(exam, recipe, runnable, [describe_left_out(recipe, case, reason) for case, reason in left_out.items()])
    check_collected(found)
    check_offers(found)
    exam.record(exam.review.stamp_recipe(recipe.id, describe_recipe(found)))
    return found


def describe_left_out(recipe: Recipe, case: str, reason: str) -> JsonObject:
    """Return the line of a cell that was not run."""
    return {"kind": "cell", "cell": f"{STACK}/{recipe.id}/{case}", "recipe": recipe.id, "case": case, "pass": FIRST, "unmet": reason}


def check_collected(found: RecipeFacts) -> None:
    """Refuse facts of cases that pytest did not collect beside the project's tests. Raises AuditFailed."""
    for cell in found.first.values():
        for error in [] if cell["unmet"] else cell["errors"]:
            if error["type"] == "CollectError":
                raise AuditFailed(f"the cases could not be collected beside the project's tests: {error['message'].strip()}")


def check_offers(found: RecipeFacts) -> None:
    """Refuse facts of a case that was run though the fixture does not give what it asks for. Raises InstrumentBroken."""
    wrong = [cell["case"] for cell in found.cells if not cell["unmet"] for error in cell["errors"] if error["type"].endswith(".NotOffered")]
    if wrong:
        raise InstrumentBroken(f"cases were run that ask for what the fixture does not give: {', '.join(wrong)}")
