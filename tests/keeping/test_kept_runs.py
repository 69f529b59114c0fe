"""Runs after runs on a real server: what is kept, what runs again, and what a killed run leaves."""

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from rich.console import Console

from matrix.judging.verdicts import judge_pass
from matrix.keeping.carrying import is_alive
from matrix.plan.contents import ROOT
from matrix.plan.selection import Selection, make_plan
from matrix.run import workflow
from matrix.run.outcome import read_outcome, write_outcome
from matrix.run.why import explain_cell
from matrix.run.workflow import Options, run_stacks_on
from matrix.servers import WAYS, ServerUnavailable
from matrix.supervisor.review import Review

STACK = "sa20-psycopg2-postgresql18"
RECIPES = ("plain/real_commits", "plain/create_savepoint", "plain/join_default", "plain/rollback_only")
CASES = ("commit_once", "commit_twice", "rollback_only", "error_then_rollback")
CELL = f"{STACK}/plain/create_savepoint/commit_twice"


class GivenServer:
    """The tests' own server in place of a run's; counts how often it was asked for."""

    def __init__(self, server):
        self.server, self.asked = server, 0

    def take(self, database):
        self.asked += 1
        return self.server


class NoServer:
    def take(self, database):
        raise ServerUnavailable(database, [("embedded", "nothing may be started in this test")])


def run(servers, directory, recipes=RECIPES, cases=CASES, **options):
    plan = make_plan(Selection(stacks=(STACK,), recipes=recipes, cases=cases))
    options = {"jobs": 1, "known": True, "sample": False} | options
    outcome = run_stacks_on(servers, plan, Options(directory=directory, **options), Console(file=io.StringIO(), width=300))
    write_outcome(outcome, directory)
    assert outcome.broken == {}
    assert outcome.not_run == {}
    return outcome.ran[STACK]


def read_cells(directory):
    lines = [json.loads(line) for line in (directory / f"{STACK}.jsonl").read_text().splitlines()]
    return {line["cell"]: line for line in lines if line["kind"] == "cell" and line["pass"] == "first"}


@pytest.fixture(scope="module")
def first(postgresql_server, tmp_path_factory):
    """A directory with the facts of one whole run; copied by those who change it."""
    directory = tmp_path_factory.mktemp("first")
    ended = run(GivenServer(postgresql_server), directory)
    assert (ended.ran, ended.kept) == (16, 0)
    return directory


@pytest.fixture
def data(first, tmp_path):
    for path in first.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_nothing_runs_twice_and_no_server_is_started(data):
    before = (data / f"{STACK}.jsonl").read_bytes()
    ended = run(NoServer(), data)
    assert (ended.ran, ended.kept) == (0, 16)
    assert ended.oldest == json.loads(before.splitlines()[0])["started"]
    assert (data / f"{STACK}.jsonl").read_bytes() == before


def test_known_red_cells_are_not_confirmed_and_have_their_cause(data):
    cells = [json.loads(line) for line in (data / f"{STACK}.jsonl").read_text().splitlines()]
    assert [cell["cell"] for cell in cells if cell.get("pass") == "confirmation"] == []
    assert {judge_pass(cell) for cell in cells if cell["kind"] == "cell"} == {"isolates", "leaks"}


def test_fresh_runs_all_anyway(postgresql_server, data):
    ended = run(GivenServer(postgresql_server), data, fresh=True)
    assert (ended.ran, ended.kept) == (16, 0)


def test_a_narrower_run_keeps_the_rest_for_a_wider_one(data):
    """What was not asked for is put aside: it is no part of the narrower result, and it is there when it is asked for again."""
    narrow = run(NoServer(), data, recipes=("plain/create_savepoint",), cases=("commit_once",))
    assert (narrow.ran, narrow.kept) == (0, 1)
    assert list(read_cells(data)) == [f"{STACK}/plain/create_savepoint/commit_once"]
    wide = run(NoServer(), data)
    assert (wide.ran, wide.kept) == (0, 16)
    assert len(read_cells(data)) == 16


def test_a_changed_recipe_runs_exactly_its_cells(postgresql_server, data, monkeypatch):
    forget_keys(data, "plain/join_default")
    ended = run(GivenServer(postgresql_server), data)
    assert (ended.ran, ended.kept) == (4, 12)
    again = run(NoServer(), data)
    assert (again.ran, again.kept) == (0, 16)


def test_a_changed_case_runs_in_every_recipe(postgresql_server, data):
    forget_keys(data, "commit_twice")
    ended = run(GivenServer(postgresql_server), data)
    assert (ended.ran, ended.kept) == (4, 12)


def forget_keys(directory, name):
    """Make the keys of a recipe or a case untrue, as a change of its file would."""
    path = directory / f"{STACK}.jsonl"
    lines = path.read_bytes().split(b"\n")
    changed = [line.replace(b'"key":"', b'"key":"x', 1) if f'"{name}"'.encode() in line[:200] else line for line in lines]
    path.write_bytes(b"\n".join(changed))


def test_what_is_not_reviewed_runs_again(postgresql_server, data, monkeypatch):
    """A cell that the baseline does not have, or has otherwise, is never kept."""
    known = workflow.Known.expectations.func

    def forget_one(self):
        expectations = dict(known(self))
        expectations[STACK] = {key: judged for key, judged in expectations[STACK].items() if key != ("plain/rollback_only", "commit_once")}
        return expectations

    monkeypatch.setattr(workflow.Known, "expectations", property(forget_one))
    ended = run(GivenServer(postgresql_server), data)
    assert (ended.ran, ended.kept) == (1, 15)


def test_a_fiftieth_runs_again_and_another_each_time(postgresql_server, data, monkeypatch):
    monkeypatch.setattr("matrix.run.known.ONE_IN", 4)
    seen = []
    for _ in range(4):
        ended = run(GivenServer(postgresql_server), data, sample=True)
        assert (ended.ran, ended.kept) == (4, 12)
        number = read_outcome(data).run
        seen += {cell["recipe"] for cell in read_cells(data).values() if cell["run"] == number}
    assert sorted(seen) == sorted(RECIPES)


def test_one_disagreement_voids_what_the_stack_kept(postgresql_server, data, monkeypatch):
    monkeypatch.setattr("matrix.run.known.ONE_IN", 1)
    monkeypatch.setattr(Review, "disagrees", lambda self, first, confirmation: first["cell"] == CELL)
    ended = run(GivenServer(postgresql_server), data, sample=True)
    assert (ended.ran, ended.kept) == (16, 0)
    assert read_outcome(data).disagreed == {STACK: [CELL]}


def test_another_server_keeps_nothing(postgresql_server, data):
    """The server that answers is not the one that the facts are of, though nothing foretold it."""
    path = data / f"{STACK}.jsonl"
    path.write_text(
        path.read_text().replace(
            f'"server":{{"way":"{postgresql_server.way}","version":"{postgresql_server.version}"}}', '"server":{"way":"local","version":"18.1"}', 1
        )
    )
    forget_keys(data, "plain/join_default")
    ended = run(GivenServer(postgresql_server), data)
    assert (ended.ran, ended.kept) == (16, 0)


def test_why_names_the_part_that_differs(data):
    assert explain_cell(CELL, data, WAYS)[0].startswith(f"{CELL} is kept")
    path = data / f"{STACK}.jsonl"
    path.write_text(path.read_text().replace('"key":"', '"key":"ffffffff'))
    text = path.read_text()
    path.write_text(text.replace('"key":"ffffffff', '"key":"', 1))
    assert explain_cell(f"{STACK}/plain/create_savepoint/rollback_after_commit", data, WAYS) == [
        f"{STACK}/plain/create_savepoint/rollback_after_commit runs: no facts of it are on disk"
    ]


def test_a_cut_off_line_is_dropped_and_the_rest_is_kept(postgresql_server, data):
    """The file of a run that was killed in the middle of a line."""
    whole = data / f"{STACK}.jsonl"
    lines = whole.read_bytes().split(b"\n")
    whole.unlink()
    (data / f"{STACK}.999999999.partial").write_bytes(b"\n".join(lines[:8]) + b"\n" + lines[8][:100])
    cells = sum(line.startswith(b'{"kind":"cell"') for line in lines[:8])
    recipes = sum(line.startswith(b'{"kind":"recipe"') for line in lines[:8])
    ended = run(GivenServer(postgresql_server), data)
    assert cells - 1 <= ended.kept <= cells
    assert ended.ran == 16 - ended.kept
    assert recipes >= 1
    assert not list(data.glob("*.partial"))
    assert len(read_cells(data)) == 16


RUN = """
    import io, sys
    from pathlib import Path
    from rich.console import Console
    from matrix.plan.selection import Selection, make_plan
    from matrix.run.workflow import Options, run_stacks
    plan = make_plan(Selection(stacks=({stack!r},), recipes={recipes!r}, cases={cases!r}))
    run_stacks(plan, Options(jobs=1, known=True, sample=False, directory=Path({directory!r})), Console(file=io.StringIO()))
"""


def test_a_killed_run_goes_on_where_it_was(postgresql_server, tmp_path):
    """No verdict is lost, none is there twice, and only what had not ended runs."""
    code = textwrap.dedent(RUN.format(stack=STACK, recipes=RECIPES, cases=CASES, directory=str(tmp_path)))
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    ends = time.monotonic() + 60
    while count_cells(tmp_path) < 6 and time.monotonic() < ends:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (partial,) = tmp_path.glob("*.partial")
    assert not is_alive(partial)
    done = count_cells(tmp_path)
    ended = run(GivenServer(postgresql_server), tmp_path)
    assert ended.ran + ended.kept == 16
    assert done - 1 <= ended.kept <= done  # the recipe that was running had not ended: its last case may have to show how it does
    assert len(read_cells(tmp_path)) == 16


def count_cells(directory):
    return sum(path.read_bytes().count(b'\n{"kind":"cell"') for path in directory.glob("*.partial"))
