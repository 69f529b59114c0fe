"""Family unit_of_work really goes through its entry points, and shows what its question is about."""

from collections.abc import Iterator

import pytest

from matrix.judging.verdicts import judge_pass
from matrix.plan.contents import find_recipes
from matrix.plan.rows import load_databases
from matrix.servers import Server, start_server
from tests.instrument import Bench, pick_cells

ASKED_ON = "sa13-psycopg2-postgresql12-unitofwork"
TODAY = "sa21-psycopg2-postgresql18-unitofwork"
UNTOUCHED = """
    import pytest

    @pytest.fixture(autouse=True)
    def untouched(unit_of_work):
        return unit_of_work.SqlAlchemyUnitOfWork
"""
NO_EXIT = """
    import pytest

    @pytest.fixture(autouse=True)
    def no_exit(unit_of_work, monkeypatch):
        monkeypatch.setattr(unit_of_work.SqlAlchemyUnitOfWork, "__exit__", lambda self, *error: kept.append(self.session))

    kept = []
"""
NO_ENDPOINT = """
    import pytest

    @pytest.fixture(autouse=True)
    def no_endpoint(app, monkeypatch):
        monkeypatch.setitem(app.flask.view_functions, "do_work", lambda key: ("gone", 410))
"""


@pytest.fixture(scope="module")
def asked_server() -> Iterator[Server]:
    server = start_server(load_databases()["postgresql12"], ("embedded", "local", "container"))
    yield server
    server.stop()


def judge(lines: list[dict], case: str) -> dict[str, str]:
    """Return the verdict of each recipe's first pass over a case."""
    recipes = {line["recipe"] for line in lines if line["kind"] == "cell"}
    return {recipe.partition("/")[2]: judge_pass(pick_cells(lines, recipe)[case]) for recipe in recipes}


def test_verdicts_change_without_endpoint_or_exit(tmp_path, postgresql_server):
    bench = Bench(tmp_path, TODAY, postgresql_server, family="unit_of_work", deadline_s=10.0)
    texts = {"untouched": UNTOUCHED, "no_exit": NO_EXIT, "no_endpoint": NO_ENDPOINT}
    lines = bench.run([bench.write_recipe(name, text) for name, text in texts.items()], ["rollback_only"])
    assert judge(lines, "rollback_only") == {"untouched": "isolates", "no_exit": "leaks", "no_endpoint": "breaks"}
    residue = pick_cells(lines, "unit_of_work/no_exit")["rollback_only"]["residue"]
    assert "open_transaction" in {found["kind"] for found in residue}


def test_attempts_and_solutions_with_the_releases_of_the_question(tmp_path, asked_server):
    """The plugin stops at the unit of work, the patched name changes nothing, an injected factory isolates."""
    names = ["plugin_on_unit_of_work", "patched_default_name", "injected_factory_restart", "basemodel_drop_create_extension"]
    known = find_recipes()
    bench = Bench(tmp_path, ASKED_ON, asked_server, family="unit_of_work", deadline_s=10.0)
    lines = bench.run([known[f"unit_of_work/{name}"] for name in names], ["commit_twice"])
    assert judge(lines, "commit_twice") == dict(zip(names, ["breaks", "leaks", "isolates", "isolates"], strict=True))
    failed = pick_cells(lines, "unit_of_work/plugin_on_unit_of_work")["commit_twice"]
    assert failed["phases"]["setup"] == "failed"
    assert failed["errors"][0]["message"] == "'SqlAlchemyUnitOfWork' object has no attribute 'engine'"


def test_solutions_with_the_releases_of_today(tmp_path, postgresql_server):
    names = ["injected_factory_savepoint", "patched_default_value", "configured_factory", "basemodel_drop_create"]
    known = find_recipes()
    bench = Bench(tmp_path, TODAY, postgresql_server, family="unit_of_work", deadline_s=10.0)
    lines = bench.run([known[f"unit_of_work/{name}"] for name in names], ["commit_twice"])
    assert judge(lines, "commit_twice") == dict.fromkeys(names, "isolates")
