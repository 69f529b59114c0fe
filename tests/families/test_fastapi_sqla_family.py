"""Family fastapi_sqla really goes through fastapi-sqla's middleware, dependency and start-up: break them, and verdicts change."""

import pytest

from matrix.judging.verdicts import judge_pass
from matrix.plan.contents import find_recipes
from tests.instrument import Bench, pick_cells

STACK = "sa20-psycopg2-postgresql18-fastapisqla"
UNTOUCHED = """
    import pytest

    @pytest.fixture
    def sqlalchemy_url(database_url):
        return database_url
"""
NO_SESSION = """
    import fastapi_sqla
    import pytest

    @pytest.fixture(autouse=True)
    def no_middleware(monkeypatch):
        monkeypatch.setattr(fastapi_sqla, "setup_middlewares", lambda app: None)
"""
NO_END = """
    import pytest
    from sqlalchemy.orm import Session

    kept = []

    @pytest.fixture(autouse=True)
    def no_end(monkeypatch):
        monkeypatch.setattr("fastapi_sqla.sqla.SqlaSession", type("KeptSession", (Session,), {"close": lambda session: kept.append(session)}))
        monkeypatch.setattr("fastapi_sqla.sqla.SqlaSession.commit", lambda session: None)
"""
NO_ENDPOINT = """
    import pytest

    @pytest.fixture(autouse=True)
    def no_endpoint(app, monkeypatch):
        monkeypatch.setattr(app.router, "routes", [])
"""


@pytest.fixture
def bench(tmp_path, postgresql_server):
    return Bench(tmp_path, STACK, postgresql_server, family="fastapi_sqla", deadline_s=20.0)


def judge(bench, recipes, case):
    """Return the verdict of each recipe's first pass over a case, by name."""
    lines = bench.run(recipes, [case])
    return lines, {recipe.id.partition("/")[2]: judge_pass(pick_cells(lines, recipe.id)[case]) for recipe in recipes}


def test_verdicts_change_without_middleware_session_or_endpoint(bench):
    texts = {"untouched": UNTOUCHED, "no_session": NO_SESSION, "no_end": NO_END, "no_endpoint": NO_ENDPOINT}
    lines, verdicts = judge(bench, [bench.write_recipe(name, text) for name, text in texts.items()], "rollback_only")
    assert verdicts == {"untouched": "isolates", "no_session": "breaks", "no_end": "leaks", "no_endpoint": "breaks"}
    assert "404" in pick_cells(lines, "fastapi_sqla/no_endpoint")["rollback_only"]["errors"][0]["message"]


def test_plugin_covers_an_application_that_starts_after_it_alone(bench):
    recipe = find_recipes()["fastapi_sqla/plugin_session"]
    text = recipe.path.read_text(encoding="utf-8")
    assert "def before_the_application(session):" in text
    late = bench.write_recipe("late", text.replace("before_the_application(session)", "before_the_application(app, session)"))
    _, verdicts = judge(bench, [recipe, late], "commit_once")
    assert verdicts == {"plugin_session": "isolates", "late": "leaks"}
