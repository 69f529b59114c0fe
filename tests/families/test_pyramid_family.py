"""Family pyramid really goes through pyramid_tm and the view: break them, and verdicts change."""

import pytest

from matrix.judging.verdicts import judge_pass
from tests.instrument import Bench, pick_cells

STACKS = ["sa14-psycopg2-postgresql18-pyramid", "sa21-psycopg2-postgresql18-unitofwork"]
UNTOUCHED = """
    import pytest
    from webtest import TestApp

    @pytest.fixture
    def testapp(wsgi_app):
        return TestApp(wsgi_app)
"""
INACTIVE_MANAGER = """
    import pytest
    from webtest import TestApp

    @pytest.fixture
    def testapp(wsgi_app):
        return TestApp(wsgi_app, extra_environ={"tm.active": True})
"""
OTHER_VIEW = """
    import pytest
    from webtest import TestApp

    @pytest.fixture
    def testapp():
        def gone(environ, start_response):
            start_response("410 Gone", [("Content-Type", "text/plain")])
            return [b"gone"]

        return TestApp(gone)
"""


@pytest.fixture(params=STACKS)
def bench(request, tmp_path, postgresql_server):
    return Bench(tmp_path, request.param, postgresql_server, family="pyramid", deadline_s=10.0)


def test_verdicts_change_without_manager_or_view(bench):
    texts = {"untouched": UNTOUCHED, "inactive_manager": INACTIVE_MANAGER, "other_view": OTHER_VIEW}
    lines = bench.run([bench.write_recipe(name, text) for name, text in texts.items()], ["rollback_only", "commit_once"])
    verdicts = {name: judge_pass(pick_cells(lines, f"pyramid/{name}")["rollback_only"]) for name in texts}
    assert verdicts == {"untouched": "isolates", "inactive_manager": "breaks", "other_view": "breaks"}
    committed = pick_cells(lines, "pyramid/untouched")["commit_once"]
    assert [found["kind"] for found in committed["residue"]] == ["rows_added"]
    refused = pick_cells(lines, "pyramid/inactive_manager")["commit_once"]
    assert refused["errors"][0]["type"].endswith("NoTransaction")
    assert "410" in pick_cells(lines, "pyramid/other_view")["commit_once"]["errors"][0]["message"]
