"""A whole run: what stops it, what survives, what must never be written."""

import io
import json
import threading

import pytest
from rich.console import Console

from matrix.disk import DiskFull
from matrix.judging.verdicts import judge_pass
from matrix.plan.rows import load_databases
from matrix.plan.selection import Selection, make_plan
from matrix.run.workflow import Options, run_stacks_on
from matrix.servers import ServerUnavailable, start_server
from matrix.supervisor import stack as stack_module
from matrix.witness import base
from reports.conclude import find_gaps

STACK = "sa20-psycopg2-postgresql18"
MYSQL = "sa20-pymysql-mysql97"


class GivenServers:
    """Servers that the tests already have, in place of a run's own."""

    def __init__(self, *servers):
        self._servers = {server.database.id: server for server in servers}

    def take(self, database):
        if database.id not in self._servers:
            raise ServerUnavailable(database, [("embedded", "not in this test")])
        return self._servers[database.id]


def plan_of(*stacks, recipes=("plain/real_commits", "plain/create_savepoint"), cases=("commit_twice", "commit_once")):
    return make_plan(Selection(stacks=stacks, recipes=recipes, cases=cases))


def run(servers, plan, directory, **options):
    screen = io.StringIO()
    outcome = run_stacks_on(GivenServers(*servers), plan, Options(jobs=2, directory=directory, **options), Console(file=screen, width=300))
    return outcome, screen.getvalue()


def read_lines(directory, stack=STACK):
    return [json.loads(line) for line in (directory / f"{stack}.jsonl").read_text().splitlines()]


def test_stacks_run_side_by_side_and_say_how_long(tmp_path, postgresql_server, mysql_server):
    plan = plan_of(STACK, MYSQL)
    outcome, screen = run([postgresql_server, mysql_server], plan, tmp_path)
    assert set(outcome.ran) == {STACK, MYSQL}
    assert not find_gaps(outcome)
    assert f"{STACK}: ran 4 in" in screen and f"{MYSQL}: ran 4 in" in screen


def test_order_changes_no_verdict(tmp_path, postgresql_server):
    plan = plan_of(STACK, cases=("commit_*", "rollback_*"), recipes=("plain/real_commits", "plain/join_default", "plain/docs_13"))
    verdicts = []
    for order in ("written", "reversed", "shuffled"):
        run([postgresql_server], plan, tmp_path / order, order=order)
        cells = [line for line in read_lines(tmp_path / order) if line["kind"] == "cell" and line["pass"] == "first"]
        verdicts.append({cell["cell"]: judge_pass(cell) for cell in cells})
    assert len(verdicts[0]) > 10
    assert verdicts[0] == verdicts[1] == verdicts[2]


@pytest.mark.parametrize("kind", ["rows_added", "rows_removed", "rows_changed", "table_created", "open_transaction", "advisory_lock_held"])
def test_blinded_witness_stops_the_run(tmp_path, postgresql_server, monkeypatch, kind):
    """The witness's own eyes are covered for one kind of residue: no verdict of such a run may be believed."""
    seeing = base.find_differences
    monkeypatch.setattr(base, "find_differences", lambda *observations: [found for found in seeing(*observations) if found.kind != kind])
    plan = plan_of(STACK)
    outcome, screen = run([postgresql_server], plan, tmp_path)
    assert not outcome.ran
    assert kind in outcome.broken[STACK]
    assert f"{STACK}: INFRASTRUCTURE: the witness is blind" in screen
    assert find_gaps(outcome)
    assert not (tmp_path / f"{STACK}.jsonl").exists()


def test_server_that_dies_costs_its_stacks_only(tmp_path, postgresql_server):
    dying = start_server(load_databases()["mariadb118"], ("embedded",))
    plan = plan_of("sa20-pymysql-mariadb118", STACK, recipes=("plain/*",), cases=("commit_*",))
    threading.Timer(1.5, dying.stop).start()
    outcome, _ = run([postgresql_server, dying], plan, tmp_path)
    assert set(outcome.ran) == {STACK}
    assert "sa20-pymysql-mariadb118" in outcome.broken
    assert not (tmp_path / "sa20-pymysql-mariadb118.jsonl").exists()


def test_missing_server_is_not_run_and_a_missing_kind_is_no_success(tmp_path, postgresql_server):
    plan = plan_of(STACK, MYSQL)
    outcome, _ = run([postgresql_server], plan, tmp_path)
    assert set(outcome.ran) == {STACK}
    assert "not in this test" in json.loads((tmp_path / f"{MYSQL}.notrun.json").read_text())["reason"]
    assert any("nothing of the kind mysql ran" in gap for gap in find_gaps(outcome))


def test_full_disk_leaves_no_half_written_result(tmp_path, postgresql_server, monkeypatch):
    from matrix.facts.writing import FactsFile

    def refuse(self, footer):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FactsFile, "finish", refuse)
    with pytest.raises(DiskFull, match="the disk is full: no room left for temporary files"):
        run([postgresql_server], plan_of(STACK), tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".partial"]


def test_password_is_in_no_output(tmp_path, postgresql_server, mysql_server, monkeypatch):
    accounts = []
    opening = stack_module.open_witness

    def remember(*arguments, **options):
        witness = opening(*arguments, **options)
        accounts.append(witness.account)
        return witness

    monkeypatch.setattr(stack_module, "open_witness", remember)
    _, screen = run([postgresql_server, mysql_server], plan_of(STACK, MYSQL, recipes=("plain/*",)), tmp_path)
    secrets = {account.password for account in accounts} | {postgresql_server.password, mysql_server.password}
    assert len(secrets) == 4
    written = [screen, *(path.read_text() for path in tmp_path.iterdir())]
    assert not [secret for secret in secrets for text in written if secret in text]


def test_password_in_an_error_is_hidden(tmp_path):
    """An exception may quote the URL; the facts never do."""
    from matrix.facts.writing import FactsFile

    facts = FactsFile(tmp_path / "x.jsonl", ("s3cret", ""))
    facts.write({"kind": "header", "message": "cannot connect to postgresql://u:s3cret@h/d"})
    facts.finish({})
    assert "s3cret" not in (tmp_path / "x.jsonl").read_text()
