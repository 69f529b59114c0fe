"""Reviewed costs: only of stacks of which all cells ran, kept for the others, and shown where a run has none."""

import json

import pytest

from matrix.judging.baseline import BaselineError
from reports.results.costs import accept_costs, collect_costs, read_costs


def make_results():
    word = {"word": "isolates", "cost": 1.5, "judged": {"essential": 12, "common": 31, "limit": 53}}
    few = {**word, "judged": {"essential": 12, "common": 2, "limit": 0}}
    words = {
        "plain/x": word,
        "plain/core": {**word, "reviewed": 53},
        "plain/unknown": {**word, "cost": None},
        "plain/few": few,
        "plain/shown": {**word, "reviewed": "all"},
    }
    return {"stacks": {"now": {"state": "ran"}, "before": {"state": "earlier"}}, "words": {"now": words, "before": words}}


def test_only_enough_cells_of_this_run_tell():
    assert collect_costs(make_results()) == {"now": {"plain/x": 1.5, "plain/core": 1.5}}


def test_accepting_keeps_other_stacks(tmp_path):
    path = tmp_path / "costs.json"
    assert read_costs(path) == {}
    assert accept_costs(path, {"one": {"plain/x": 1.5}})
    assert accept_costs(path, {"two": {"plain/x": 2.0}})
    assert not accept_costs(path, {"two": {"plain/x": 2.0}})
    assert read_costs(path) == {"one": {"plain/x": 1.5}, "two": {"plain/x": 2.0}}


@pytest.mark.parametrize("spoiled", ["", "[]", json.dumps({"format": 2, "stacks": {}}), json.dumps({"format": 1, "stacks": {"one": {"plain/x": "much"}}})])
def test_bad_file_is_a_clear_error(tmp_path, spoiled):
    path = tmp_path / "costs.json"
    path.write_text(spoiled)
    with pytest.raises(BaselineError, match="version control"):
        read_costs(path)
