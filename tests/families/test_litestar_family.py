"""Family litestar really goes through the plugin: break its patch or its handler, and verdicts change."""

import pytest

from matrix.judging.verdicts import judge_pass
from matrix.plan.contents import FIXTURES, Recipe
from tests.instrument import Bench, pick_cells

STACK = "sa20-asyncpg-postgresql18-litestar"
CONFIGURED = """
import pytest


kept = []


async def keep_open(message, scope):
    kept.append(scope)  # and the session that is in it, which would otherwise be collected and its connection reset


@pytest.fixture(scope="session")
def alchemy_config(create_config, database_url):
    config = create_config(database_url)
    config.before_send_handler = HANDLER
    config.create_session_maker()
    return config
"""
AUTOCOMMIT = "autocommit_handler_maker(session_scope_key=config.session_scope_key)"
MAKER = "from advanced_alchemy.extensions.litestar.plugins.init.config.asyncio import autocommit_handler_maker\n"


@pytest.fixture
def bench(tmp_path, postgresql_server):
    return Bench(tmp_path, STACK, postgresql_server, family="litestar", deadline_s=20.0)


def take(name: str) -> Recipe:
    """Return a recipe of the family as it is."""
    return Recipe(f"litestar/{name}", "litestar", FIXTURES / "litestar" / f"{name}.py")


def change(bench: Bench, name: str, old: str, new: str) -> Recipe:
    """Return the recipe with one thing broken."""
    text = take(name).path.read_text(encoding="utf-8")
    assert old in text
    return bench.write_recipe(f"changed_{name}", text.replace(old, new))


def judge_cells(bench: Bench, recipe: Recipe, *cases: str) -> dict[str, str]:
    """Return the verdict of each case's first pass."""
    return {case: judge_pass(cell) for case, cell in pick_cells(bench.run([recipe], list(cases)), recipe.id).items()}


@pytest.mark.parametrize("name", ["patched_factory", "session_config", "shared_create_savepoint"])
def test_without_the_patched_state_requests_commit_for_real(bench, name):
    broken = change(bench, name, "alchemy_config.session_maker_app_state_key", '"key_of_nothing"')
    assert judge_cells(bench, take(name), "commit_once") == {"commit_once": "isolates"}
    assert judge_cells(bench, broken, "commit_once") == {"commit_once": "leaks"}


def test_state_alone_does_not_reach_who_asks_the_configuration(bench):
    assert judge_cells(bench, take("patched_state"), "commit_once", "other_session_commits") == {"commit_once": "isolates", "other_session_commits": "leaks"}
    assert judge_cells(bench, take("patched_factory"), "other_session_commits") == {"other_session_commits": "isolates"}


def test_handler_that_does_not_close_the_session_leaves_a_transaction(bench):
    closing = bench.write_recipe("closing", CONFIGURED.replace("HANDLER", "config.before_send_handler"))
    forgetting = bench.write_recipe("forgetting", CONFIGURED.replace("HANDLER", "keep_open"))
    assert judge_cells(bench, closing, "rollback_only") == {"rollback_only": "isolates"}
    lines = bench.run([forgetting], ["rollback_only"])
    cell = pick_cells(lines, forgetting.id)["rollback_only"]
    assert judge_pass(cell) == "leaks"
    assert "open_transaction" in {found["kind"] for found in cell["residue"]}


def test_autocommit_of_the_plugin_commits_the_sessions_of_the_recipe(bench):
    cases = ["commit_once", "rollback_then_commit", "error_then_rollback"]
    plain = bench.write_recipe("autocommit", MAKER + CONFIGURED.replace("HANDLER", AUTOCOMMIT))
    patched = take("patched_factory").path.read_text(encoding="utf-8").partition('"""\nimport')[2]
    bound = bench.write_recipe("autocommit_bound", MAKER + CONFIGURED.replace("HANDLER", AUTOCOMMIT) + "\n\nimport" + patched)
    assert judge_cells(bench, plain, *cases) == dict.fromkeys(cases, "leaks")
    assert judge_cells(bench, bound, *cases) == dict.fromkeys(cases, "isolates")


def test_client_of_litestar_runs_the_application_on_another_loop(bench):
    recipe = take("test_client")
    cell = pick_cells(bench.run([recipe], ["commit_once"]), recipe.id)["commit_once"]
    assert judge_pass(cell) == "breaks"  # its abandoned connection is open until pytest forgets what the test logged
    assert "attached to a different loop" in cell["errors"][0]["message"]
