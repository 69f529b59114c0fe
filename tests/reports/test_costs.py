"""Reviewed costs: only of stacks of which all cells ran, kept for the others, and shown where a run has none."""

import json

import pytest

from matrix.judging.baseline import BaselineError
from reports.results.costs import accept_costs, collect_costs, read_costs


def make_results(**about):
    word = {"word": "isolates", "cost": 1.5}
    return {
        "stacks": {"whole": {"state": "ran", "complete": True}, "part": {"state": "ran", "complete": False}, "old": {"state": "earlier", "complete": True}},
        "words": {stack: {"plain/x": word, "plain/y": {**word, "cost": None}, "plain/z": {**word, "reviewed": "all"}} for stack in ("whole", "part", "old")},
    }


def test_only_whole_stacks_of_this_run_tell():
    assert collect_costs(make_results()) == {"whole": {"plain/x": 1.5}}


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
