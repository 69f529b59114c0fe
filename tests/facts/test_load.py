"""Files of facts that cannot be trusted are refused, whatever is wrong with them."""

import json

import pytest

from matrix.facts.reading import SCHEMA, FactsError, load_facts, load_not_run, load_stack
from matrix.facts.timelines import EVENTS, PHASES, SOURCES, pack_timelines
from tests.made_facts import STACK, make_cell, make_header, make_lines, make_recipe, write_facts

RECIPES = ("plain/one", "plain/two")
CASES = ("commit_once", "commit_twice")


def make_whole() -> list[dict]:
    cells = [make_cell(recipe, case) for recipe in RECIPES for case in CASES]
    cells.append(make_cell("plain/two", "commit_once", **{"pass": "confirmation"}))
    return make_lines(make_header(RECIPES, CASES), cells)


@pytest.fixture
def path(tmp_path):
    return write_facts(tmp_path, make_whole())


def refuse(path, *says: str) -> str:
    with pytest.raises(FactsError) as caught:
        load_stack(path)
    text = str(caught.value)
    assert path.name in text
    assert f'nox -s "stack({path.stem})"' in text
    for part in says:
        assert part in text
    return text


def rewrite(path, change) -> None:
    lines = path.read_text().splitlines(keepends=True)
    change(lines)
    path.write_text("".join(lines))


def test_whole_file_is_read(path):
    facts = load_stack(path)
    assert facts.stack == STACK
    assert [(cell.recipe, cell.case) for cell in facts.cells] == [(recipe, case) for recipe in RECIPES for case in CASES]
    assert [cell.confirmation is not None for cell in facts.cells] == [False, False, True, False]
    assert set(load_facts(path.parent)) == {STACK}


@pytest.mark.parametrize("kept", range(len(make_whole()) + 1))
def test_file_cut_after_any_line_is_refused(path, kept):
    rewrite(path, lambda lines: lines.__delitem__(slice(kept, None)))
    refuse(path)


@pytest.mark.parametrize("line", range(len(make_whole()) + 1))
def test_file_cut_within_any_line_is_refused(path, line):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:line]) + lines[line][: len(lines[line]) // 2])
    refuse(path, f"line {line + 1}")


@pytest.mark.parametrize("line", range(len(make_whole())))
def test_lost_line_is_refused(path, line):
    rewrite(path, lambda lines: lines.pop(line))
    refuse(path)


@pytest.mark.parametrize("line", range(len(make_whole()) + 1))
def test_duplicated_line_is_refused(path, line):
    rewrite(path, lambda lines: lines.insert(line, lines[line]))
    refuse(path)


@pytest.mark.parametrize("line", range(1, len(make_whole()) + 1))
def test_duplicate_is_refused_even_with_a_true_footer(tmp_path, line):
    lines = make_whole()
    if line == len(lines):
        lines.insert(0, lines[0])
    else:
        lines.append(lines[line])
    refuse(write_facts(tmp_path, lines))


@pytest.mark.parametrize("line", range(len(make_whole())))
def test_edited_line_is_refused(path, line):
    def edit(lines):
        record = json.loads(lines[line])
        lines[line] = json.dumps({**record, "edited": True}) + "\n"

    rewrite(path, edit)
    refuse(path, "hash does not match")


def test_one_changed_byte_is_refused(path):
    path.write_text(path.read_text().replace('"duration_s": 0.01', '"duration_s": 0.02', 1))
    refuse(path, "hash does not match")


@pytest.mark.parametrize(
    ("footer", "says"),
    [
        ({"sha256": "0" * 64}, "hash does not match"),
        ({"lines": 3}, "counts 3 lines"),
        ({"cells": 9}, "counts 9 cell lines"),
        ({"sha256": "short"}, "sha256 does not follow"),
        ({"controls": "perhaps"}, "controls does not follow"),
    ],
)
def test_untrue_footer_is_refused(tmp_path, footer, says):
    refuse(write_facts(tmp_path, make_whole(), **footer), says)


def test_empty_file_and_rubbish_are_refused(tmp_path):
    path = tmp_path / f"{STACK}.jsonl"
    path.write_text("")
    refuse(path, "empty")
    path.write_text("[1, 2]\n")
    refuse(path, "line 1")
    path.write_bytes(b"\xff\xfe\n")
    refuse(path, "line 1", "not JSON")


def test_other_name_than_the_header_says_is_refused(tmp_path):
    refuse(write_facts(tmp_path, make_whole(), name="sa13-psycopg2-postgresql18"), "line 1", STACK)


def test_header_in_another_place_is_refused(tmp_path):
    lines = make_whole()
    refuse(write_facts(tmp_path, [lines[1], lines[0], *lines[2:]]), "line 1", "header must be the first line")


def change_cell(lines, **facts):
    lines[1] = {**lines[1], **facts}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"cell": f"{STACK}/plain/one/other"}, "its parts make"),
        ({"recipe": "plain/three", "cell": f"{STACK}/plain/three/commit_once"}, "recipe plain/three is not in the header"),
        ({"case": "other", "cell": f"{STACK}/plain/one/other"}, "case other is not in the header"),
        ({"pass": "confirmation"}, "no first pass"),
        ({"ended": "somehow"}, "ended does not follow"),
        ({"ended": "hang"}, "hang does not follow"),
        ({"ended": "infrastructure"}, "does not follow"),
        ({"timeline": [{"at": 0, "lane": 1, "source": "server", "event": "explode"}]}, "timeline/0/event"),
        ({"residue": [{"kind": "dust", "object": "x", "detail": "y"}]}, "residue/0/kind"),
    ],
)
def test_contradiction_in_a_cell_is_refused(tmp_path, facts, says):
    lines = make_whole()
    change_cell(lines, **facts)
    refuse(write_facts(tmp_path, lines), "line 2", says)


def test_lost_cell_is_refused_even_with_a_true_footer(tmp_path):
    lines = [line for line in make_whole() if line.get("cell") != f"{STACK}/plain/one/commit_twice"]
    refuse(write_facts(tmp_path, lines), "plain/one", "commit_twice")


def test_lost_recipe_is_refused_even_with_a_true_footer(tmp_path):
    lines = [line for line in make_whole() if line.get("recipe") != "plain/one"]
    refuse(write_facts(tmp_path, lines), "plain/one was selected but has no line")


def test_cells_of_a_recipe_that_does_not_apply_are_refused(tmp_path):
    lines = [line for line in make_whole() if line["kind"] != "recipe"]
    lines += [make_recipe("plain/one", applies=False, unmet="needs SQLAlchemy>=2.0"), make_recipe("plain/two")]
    refuse(write_facts(tmp_path, lines), "does not apply")


def test_run_that_says_it_stopped_may_lack_cells(tmp_path):
    lines = [line for line in make_whole() if line.get("recipe") != "plain/one"]
    path = write_facts(tmp_path, lines, problems=["control misbehaved"], controls="misbehaved")
    assert len(load_stack(path).cells) == 2


def test_case_with_an_unmet_requirement_needs_no_other_facts(tmp_path):
    unmet = {"kind": "cell", "cell": f"{STACK}/plain/one/commit_once", "recipe": "plain/one", "case": "commit_once", "pass": "first"}
    lines = make_whole()
    lines[1] = {**unmet, "unmet": "needs deferred constraints"}
    assert load_stack(write_facts(tmp_path, lines)).cells[0].first["unmet"] == "needs deferred constraints"
    lines[1] = {**unmet, "unmet": None}
    refuse(write_facts(tmp_path, lines), "line 2")


def test_stack_that_did_not_run_is_read_with_its_reason(tmp_path):
    record = {"stack": "a", "reason": "no python3.8", "missing": "python3.8"}
    (tmp_path / "a.notrun.json").write_text(json.dumps(record))
    assert load_not_run(tmp_path) == {"a": record}
    (tmp_path / "b.notrun.json").write_text("{}")
    with pytest.raises(FactsError, match=r"b\.notrun\.json.*reason"):
        load_not_run(tmp_path)


def test_a_timeline_as_a_table_reads_as_the_same_events(tmp_path):
    cell = make_cell("plain/one", "commit_once", timeline=("1s> begin", "1c: COMMIT"))
    facts = load_stack(write_facts(tmp_path, make_lines(make_header(("plain/one",), ("commit_once",)), [pack_timelines(cell)])))
    assert facts.cells[0].first["timeline"] == cell["timeline"]


@pytest.mark.parametrize(
    "row", [[0.1, 1, 2, 1, 8, "x"], [0.1, 1, 2, len(SOURCES), 8, "x", 1], [0.1, 1, 2, 1, len(EVENTS), "x", 1], [0.1, 1, 2, 1, 8, "x", len(PHASES)], [0.1] * 8]
)
def test_a_row_that_is_no_event_is_refused(tmp_path, row):
    cell = pack_timelines(make_cell("plain/one", "commit_once", timeline=("1s> begin",)))
    cell["timeline"]["rows"].append(row)
    refuse(write_facts(tmp_path, make_lines(make_header(("plain/one",), ("commit_once",)), [cell])), "line 2", "timeline")


def test_the_places_of_a_row_are_those_that_the_schema_knows():
    known = json.loads(SCHEMA.read_bytes())["$defs"]
    event, row = known["event"]["properties"], known["timeline"]["else"]["properties"]["rows"]["items"]["prefixItems"]
    assert (set(SOURCES), set(EVENTS), set(PHASES)) == (set(event["source"]["enum"]), set(event["event"]["enum"]), {None, *known["phase"]["enum"]})
    assert [row[place]["maximum"] + 1 for place in (3, 4, 6)] == list(map(len, (SOURCES, EVENTS, PHASES)))


def test_what_is_no_unicode_is_read_and_can_be_shown(tmp_path):
    """A driver hands on bytes that it cannot decode as lone surrogates, which neither a page nor results.json can hold."""
    cell = make_cell("plain/one", "commit_once", timeline=("1c: SELECT '\udcff'",))
    facts = load_stack(write_facts(tmp_path, make_lines(make_header(("plain/one",), ("commit_once",)), [cell])))
    assert facts.cells[0].first["timeline"][0]["text"] == "SELECT '?'"
