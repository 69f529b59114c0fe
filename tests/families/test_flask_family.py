"""Family flask really goes through Flask, and the oldest Flask stack shows what its question is about."""

from collections.abc import Iterator

import pytest

from matrix.environments.building import EnvironmentMissing, prepare_environment
from matrix.judging.verdicts import judge_pass
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_databases, load_stacks
from matrix.servers import Server, start_server
from tests.instrument import Bench, pick_cells

STACKS = ["sa13-psycopg2-postgresql18-flask", "sa20-psycopg2-postgresql18-flask", "sa20-psycopg2-postgresql18-flasklite"]
ASKED_ON = "sa13-psycopg2-postgresql12-py38-flask"
UNTOUCHED = """
    import pytest

    @pytest.fixture(autouse=True)
    def client(app):
        return app.test_client()
"""
NO_TEARDOWN = """
    import flask
    import pytest

    @pytest.fixture(autouse=True)
    def no_teardown(app, monkeypatch):
        kept = app.extensions.setdefault("kept", [])  # else Python itself would end the session, with the context that holds it
        monkeypatch.setattr(app, "teardown_appcontext_funcs", [lambda error: kept.append(vars(flask.g._get_current_object()))])
"""
NO_ENDPOINT = """
    import pytest

    @pytest.fixture(autouse=True)
    def no_endpoint(app, monkeypatch):
        monkeypatch.setitem(app.view_functions, "do_work", lambda key: ("gone", 410))
"""


@pytest.fixture(params=STACKS)
def bench(request, tmp_path, postgresql_server):
    return Bench(tmp_path, request.param, postgresql_server, family="flask", deadline_s=10.0)


def test_verdicts_change_without_endpoint_or_teardown(bench):
    texts = {"untouched": UNTOUCHED, "no_teardown": NO_TEARDOWN, "no_endpoint": NO_ENDPOINT}
    lines = bench.run([bench.write_recipe(name, text) for name, text in texts.items()], ["rollback_only"])
    cells = {name: pick_cells(lines, f"flask/{name}")["rollback_only"] for name in texts}
    assert judge_pass(cells["untouched"]) == "isolates"
    assert judge_pass(cells["no_teardown"]) == "leaks"
    assert "open_transaction" in {found["kind"] for found in cells["no_teardown"]["residue"]}
    assert judge_pass(cells["no_endpoint"]) == "breaks"
    assert "410" in cells["no_endpoint"]["errors"][0]["message"]


@pytest.fixture(scope="module")
def asked_server() -> Iterator[Server]:
    try:
        prepare_environment(load_stacks()[ASKED_ON])
    except EnvironmentMissing as error:
        pytest.skip(str(error))
    server = start_server(load_databases()["postgresql12"], ("embedded", "local", "container"))
    yield server
    server.stop()


def test_two_commits_on_the_pins_of_the_question(tmp_path, asked_server):
    """Its first conftest.py leaves both rows. Its second one leaves none, and one more listener with every test."""
    names = ["unused_session", "listener_on_scoped_session", "create_scoped_session_savepoint"]
    known = find_recipes()
    lines = Bench(tmp_path, ASKED_ON, asked_server, family="flask", deadline_s=10.0).run([known[f"flask/{name}"] for name in names], ["commit_twice"])
    first, second, bound = (pick_cells(lines, f"flask/{name}")["commit_twice"] for name in names)
    assert judge_pass(first) == "leaks"
    assert [(found["kind"], found["object"], found["count"]) for found in first["residue"]] == [("rows_added", "customers", 2)]
    assert judge_pass(second) == "isolates"
    assert "listener_left" in {found["kind"] for found in second["process"]}
    assert judge_pass(bound) == "isolates"
    assert not bound["process"]


PLUGIN_UNPATCHED = ("flask/pytest_flask_sqlalchemy", 'mocker.patch.object(db, "session", new=db_session)', "pass")


def test_rollback_under_the_plugin_on_the_pins_of_the_question(tmp_path, asked_server):
    """The plugin isolates commits, and rollbacks undo nothing until its session is bound to the connection; without the patch nothing is covered."""
    bench, known, cases = Bench(tmp_path, ASKED_ON, asked_server, family="flask", deadline_s=10.0), find_recipes(), ["commit_twice", "rollback_only"]
    recipe, patch, nothing = PLUGIN_UNPATCHED
    text = known[recipe].path.read_text(encoding="utf-8")
    assert patch in text
    recipes = [known[recipe], known[recipe + "_bound"], bench.write_recipe("unpatched", text.replace(patch, nothing))]
    lines = bench.run(recipes, cases)
    verdicts = {name.id: [judge_pass(pick_cells(lines, name.id)[case]) for case in cases] for name in recipes}
    assert verdicts == {recipe: ["isolates", "breaks"], recipe + "_bound": ["isolates", "isolates"], "flask/unpatched": ["leaks", "leaks"]}
