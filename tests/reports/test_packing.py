"""Details for the page: what repeats is there once, and nothing is lost but what no page shows."""

import json
from copy import deepcopy

import pytest

from reports.page.packing import FIELDS, Table, pack_details
from tests.browser.example import make_example


@pytest.fixture(scope="module")
def details():
    _, details = make_example(lines=1, recipes=8, cases=12, servers=2)
    return next(found for found in details.values() if found["cells"])


def unwrap(script: str) -> dict:
    return json.loads(script.partition(",")[2].partition(",")[2].removesuffix(");\n"))


def copy_cell(details: dict, **changed) -> dict:
    """The details of one cell, twice; the second with what is changed."""
    recipe, cells = next((recipe, cells) for recipe, cells in details["cells"].items() if cells)
    cell = next(iter(cells.values()))
    return {"stack": details["stack"], "cells": {recipe: {"a": cell, "b": {**deepcopy(cell), **changed}}}, "recipes": {}}


def test_a_cell_that_differs_in_times_alone_shares_all_else(details):
    both = copy_cell(details)
    first, second = both["cells"].popitem()[1].values()
    second["duration_s"] = 9.0
    for event in second["timeline"]:
        event["at"] += 0.5
        event["backend"] += 100
    once = unwrap(pack_details({"stack": "s", "cells": {"r": {"a": first}}, "recipes": {}}).script)
    twice = unwrap(pack_details({"stack": "s", "cells": {"r": {"a": first, "b": second}}, "recipes": {}}).script)
    assert {name: twice[name] for name in ("tables", "events", "lines")} == {name: once[name] for name in ("tables", "events", "lines")}
    (places, times, processes), (places_too, times_too, processes_too) = twice["cells"]["r"].values()
    assert places == places_too and times[1] + 5000 == times_too[1] and times[2:] == times_too[2:]
    assert [number + 100 * (place % 2) for place, number in enumerate(processes)] == processes_too


def test_what_most_cells_have_takes_no_room(details):
    plain = {**copy_cell(details)["cells"].popitem()[1]["a"], **FIELDS, "proof": None}
    assert unwrap(pack_details({"stack": "s", "cells": {"r": {"a": plain}}, "recipes": {}}).script)["cells"]["r"]["a"][0] == []


def test_lines_of_tracebacks_are_kept_once(details):
    error = {"phase": "call", "type": "E", "message": "m", "assertion": False, "where": None}
    errors = [[{**error, "traceback": "same\nsame too\n" + last}] for last in ("one", "two")]
    cells = {name: {**FIELDS, "errors": found, "duration_s": 0.0} for name, found in zip("ab", errors, strict=True)}
    packed = unwrap(pack_details({"stack": "s", "cells": {"r": cells}, "recipes": {}}).script)
    assert sorted(packed["lines"]) == ["one", "same", "same too", "two"]


def test_only_what_stories_tell_of_is_kept_as_it_is(details):
    recipe, case = next((recipe, case) for recipe, cells in details["cells"].items() for case in cells)
    packed = pack_details(details, {f"{details['stack']}/{recipe}/{case}"})
    assert packed.told == {"cells": {recipe: {case: details["cells"][recipe][case]}}}
    assert pack_details(details).told == {"cells": {}}


def test_packed_details_are_a_fraction(details):
    assert len(pack_details(details).script) < len(json.dumps(details)) / 4


def test_equal_values_have_one_place():
    table = Table([])
    assert [table.place(value) for value in ([], {"a": 1}, [], {"a": 1}, [1])] == [0, 1, 0, 1, 2]
    assert table.values == [[], {"a": 1}, [1]]
