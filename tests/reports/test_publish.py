"""A publication is complete or does not happen; what was not promised keeps its last result with its date."""

from types import SimpleNamespace

import pytest

from matrix.facts.reading import FactsError, load_facts, load_stack
from matrix.plan.rows import load_stacks
from reports.build import read_results
from reports.drift.table import draw_drift, draw_rows
from reports.places import Places
from reports.publish import PublicationIncomplete, load_earlier, plan_publication, publish
from tests.made_facts import make_cell, make_header, make_lines, write_facts

EARLIER = "2026-10-01T08:00:00Z"


def make_row(stack, promised=True):
    return SimpleNamespace(id=stack, promised=promised)


def make_result(directory, stack, **header):
    """Write and load one stack's facts; a row's own values, so that the report shows it as that row."""
    row = load_stacks().get(stack)
    lines = make_lines(make_header(stack=stack, **header), [make_cell(stack=stack)])
    if row:
        database = {"id": row.database.id, "product": row.database.product, "major": row.database.major}
        lines[0]["stack"] |= {"line": row.line, "mode": row.mode, "dialect": row.dialect, "database": database}
    return load_stack(write_facts(directory, lines, name=stack))


def test_promised_rows_need_a_whole_result_of_this_run(tmp_path):
    rows = [make_row("whole"), make_row("silent"), make_row("broken"), make_row("part"), make_row("extra_part", promised=False)]
    fresh = {
        "whole": make_result(tmp_path, "whole"),
        "part": make_result(tmp_path, "part", complete=False),
        "extra_part": make_result(tmp_path, "extra_part", complete=False),
    }
    earlier = {stack: make_result(tmp_path / "earlier", stack) for stack in ("silent", "broken", "part")}
    plan = plan_publication(rows, fresh, {"broken": {"reason": "no server"}}, earlier)
    assert plan.fresh == ["whole"]
    assert plan.missing == {
        "silent": "no job brought a result",
        "broken": "no server",
        "part": "ran only some recipes or cases",
        "extra_part": "ran only some recipes or cases",
    }
    assert not plan.carried


def test_rows_not_promised_keep_their_last_result_and_its_date(tmp_path):
    rows = [make_row("new"), make_row("kept", promised=False), make_row("never", promised=False), make_row("again", promised=False)]
    fresh = {stack: make_result(tmp_path, stack) for stack in ("new", "again")}
    earlier = {stack: make_result(tmp_path / "earlier", stack, started=EARLIER) for stack in ("new", "kept", "again", "row_that_is_gone")}
    plan = plan_publication(rows, fresh, {"never": {"reason": "needs Python 3.8"}}, earlier)
    assert (plan.fresh, plan.carried, plan.absent, plan.missing) == (["new", "again"], {"kept": EARLIER}, {"never": "needs Python 3.8"}, {})


def test_an_earlier_result_of_another_format_does_not_block_publications(tmp_path, capsys):
    make_result(tmp_path, "good")
    (tmp_path / "old.jsonl").write_text('{"kind": "header", "format": 0}\n')
    assert set(load_earlier(tmp_path)) == {"good"}
    assert "not carried over: old.jsonl" in capsys.readouterr().out


@pytest.fixture
def places(tmp_path):
    """A root with the repository's rows and contents, and nothing run yet."""
    root = tmp_path / "root"
    (root / "reports").mkdir(parents=True)
    for name in ("matrix", "fixtures", "cases"):
        (root / name).symlink_to(Places().root / name)
    return Places(root)


FRESH, KEPT = "sa20-psycopg2-postgresql18", "sa20-psycopg2-postgresql18-py313"


def promise_only(*promised):
    return [SimpleNamespace(id=stack, promised=stack in promised) for stack in load_stacks()]


def test_an_incomplete_publication_writes_nothing(places, tmp_path):
    make_result(places.data, FRESH)
    with pytest.raises(PublicationIncomplete, match=f"{KEPT}: no job brought a result"):
        publish(places, promise_only(FRESH, KEPT), None, tmp_path / "keep")
    assert not places.site.exists()
    assert not (tmp_path / "keep").exists()


def test_a_publication_carries_the_last_results_on_and_on(places, tmp_path):
    """Three publications: the row that only ran in the first is in all three, dated."""
    make_result(places.data, FRESH)
    make_result(places.data, KEPT, started=EARLIER)
    first = publish(places, promise_only(FRESH), None, tmp_path / "keep1")
    assert not first.carried
    (places.data / f"{KEPT}.jsonl").unlink()
    for before, after in (("keep1", "keep2"), ("keep2", "keep3")):
        made = publish(places, promise_only(FRESH), tmp_path / before, tmp_path / after)
        assert made.carried == {KEPT: EARLIER}
        stacks = read_results(tmp_path / after / "results.json")["stacks"]
        assert (stacks[FRESH]["state"], stacks[KEPT]["state"], stacks[KEPT]["ran"]) == ("ran", "earlier", EARLIER)
        assert set(load_facts(tmp_path / after)) == {FRESH, KEPT}
    assert places.index.exists()


def test_pre_releases_that_cannot_be_read_stop_no_publication(places, tmp_path, capsys):
    make_result(places.data, FRESH)
    (tmp_path / "ahead.json").write_text("{}")
    publish(places, promise_only(FRESH), None, tmp_path / "keep", tmp_path / "ahead.json")
    assert "coming changes are not shown" in capsys.readouterr().out
    assert read_results(tmp_path / "keep" / "results.json")["coming"] is None
    publish(places, promise_only(FRESH), None, tmp_path / "keep2", tmp_path / "keep" / "results.json")
    assert read_results(tmp_path / "keep2" / "results.json")["coming"]["counts"] == {}


def test_a_bad_fresh_result_is_an_error(places, tmp_path):
    path = make_result(places.data, FRESH).path
    path.write_text(path.read_text()[:-30])
    with pytest.raises(FactsError, match="cut off"):
        publish(places, promise_only(FRESH), None, tmp_path / "keep")


def make_results(**more):
    stacks = {"some-stack": {"problems": []}}
    return {"summary": {"stacks_ran": 1, "cells": 2}, "drift": [], "stacks": stacks, "baseline": {"state": "as expected"}} | more


def test_no_drift_is_said():
    assert draw_drift(make_results()) == "**1 stacks, 2 cells**: as expected\n\n"


def test_drift_is_a_table_that_cannot_be_broken_out_of():
    hostile = "a/plain/b/c[|](javascript:x)<img src=x>\n# title"
    change = {
        "cell": hostile,
        "change": "regressed",
        "expected": {"verdict": "isolates", "cause": None},
        "actual": {"verdict": "leaks", "cause": "outer_commit"},
        "fails": True,
    }
    text = draw_drift(make_results(drift=[change], baseline={"state": "drift"}))
    (row,) = draw_rows([change])
    assert row in text
    assert row.count("|") == 6
    assert not set("<>[]()`#").intersection(row.replace("&#", ""))
    assert "isolates" in row
    assert "leaks" in row
