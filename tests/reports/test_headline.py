"""The README's headline table is made from committed inputs, and a stale one is found."""

from types import SimpleNamespace

import pytest

from matrix.judging.changes import Judged
from reports.readme.answers import draw_answers
from reports.readme.headline import check_headline, write_headline
from reports.readme.tables import draw_tables
from reports.readme.words import HeadlineError, Inputs

ISOLATES, LEAKS, BREAKS = Judged("isolates"), Judged("leaks", "outer_commit"), Judged("breaks", "outer_rolled_back")
LEVELS = {"commit": "essential", "clock": "limit"}


def row(id, line, mode, product):
    return SimpleNamespace(id=id, line=line, mode=mode, database=SimpleNamespace(product=product))


ROWS = (
    row("pg13", "1.3", "legacy", "postgresql"),
    row("pg14f", "1.4", "future", "postgresql"),
    row("pg20", "2.0", "future", "postgresql"),
    row("pg20b", "2.0", "future", "postgresql"),
    row("my20", "2.0", "future", "mysql"),
    row("maria20", "2.0", "future", "mariadb"),
)


def make_inputs(**changed):
    baseline = {
        "pg13/plain/a/commit": LEAKS, "pg13/plain/a/clock": ISOLATES, "pg20/plain/a/commit": ISOLATES, "pg20/plain/a/clock": BREAKS,
        "pg20b/plain/a/commit": LEAKS, "pg20/plain/b/commit": ISOLATES, "pg20b/plain/b/commit": ISOLATES,
        "my20/plain/b/commit": BREAKS, "maria20/plain/b/commit": LEAKS,
    }  # fmt: skip
    return Inputs(**{"baseline": baseline, "rows": ROWS, "levels": LEVELS, **changed})


@pytest.fixture(params=["README.md", "MATRIX.md"])
def document(request, tmp_path):
    path = tmp_path / request.param
    path.write_text("# Title\n\n<!-- headline: begin -->\n<!-- headline: end -->\n\nMore.\n")
    return path


def test_table_shows_the_worst_word_per_line_and_product_with_its_number():
    lines = draw_tables(make_inputs()).partition("## plain\n\n")[2].splitlines()
    assert lines[0] == "| recipe | PostgreSQL<br>1.3 | PostgreSQL<br>2.0 | MySQL<br>2.0 |"
    assert lines[2] == "| [a](fixtures/plain/a.py) | ▲ 1 | ▲ 1 * | – |"
    assert lines[3] == "| [b](fixtures/plain/b.py) | – | ✓ | ✗ 1 |"


def test_each_family_has_its_own_columns_and_a_row_that_did_not_run_is_marked():
    table = draw_tables(make_inputs(baseline=make_inputs().baseline | {"my20/flask/c/commit": LEAKS, "pg14f/plain/a/commit": LEAKS}))
    flask, plain = table.partition("## flask\n\n")[2].splitlines(), table.partition("## plain\n\n")[2].splitlines()
    assert flask[0] == "| recipe | MySQL<br>2.0 |" and flask[2] == "| [c](fixtures/flask/c.py) | ▲ 1 |"
    assert plain[2] == "| [a](fixtures/plain/a.py) | ▲ 1 | ▲ 1 | ▲ 1 * | – |"


def test_answers_offer_what_holds_on_every_stack_of_a_line():
    baseline = {
        f"{stack}/plain/{recipe}/{case}": judged
        for stack in ("pg20", "my20")
        for recipe, case, judged in [
            ("cheap", "commit", ISOLATES),
            ("cheap", "clock", BREAKS),
            ("faithful", "commit", ISOLATES),
            ("faithful", "clock", ISOLATES),
        ]
    } | {"pg20/plain/elsewhere/commit": ISOLATES, "pg13/plain/cheap/commit": LEAKS, "pg13/plain/real_commits/commit": ISOLATES}
    costs = {stack: {"plain/cheap": 1.1, "plain/faithful": 9.0} for stack in ("pg20", "my20")}
    table = draw_answers(make_inputs(baseline=baseline, costs=costs)).splitlines()
    assert table[2] == "| **plain** | – | – | ✓ 1 [cheap](fixtures/plain/cheap.py)<br>✓ [faithful](fixtures/plain/faithful.py) | – |"
    assert table[3] == "| **asyncio** | – | – | – | – |"


def test_document_is_filled_once_and_found_up_to_date(document):
    assert write_headline(document, make_inputs())
    assert not write_headline(document, make_inputs())
    check_headline(document, make_inputs())
    text = document.read_text()
    assert text.startswith("# Title\n")
    assert text.endswith("\nMore.\n")


@pytest.mark.parametrize(
    "changed",
    [
        {"baseline": make_inputs().baseline | {"pg13/plain/a/commit": ISOLATES}},
        {"baseline": make_inputs().baseline | {"pg13/plain/a/commit": Judged("leaks", "other_cause")}},
        {"rows": ROWS[:-1]},
        {"levels": LEVELS | {"clock": "common"}},
        {"costs": {"pg20": {"plain/a": 2.0}}},
    ],
)
def test_changed_input_makes_it_stale(document, changed):
    write_headline(document, make_inputs())
    with pytest.raises(HeadlineError, match="stale"):
        check_headline(document, make_inputs(**changed))


def test_edited_table_is_found(document):
    write_headline(document, make_inputs())
    document.write_text(document.read_text().replace("| – |", "| ✓ |", 1))
    with pytest.raises(HeadlineError, match="not what its inputs give"):
        check_headline(document, make_inputs())


def test_document_without_a_place_and_unknown_case_are_clear_errors(tmp_path, document):
    document.write_text("# Title\n")
    with pytest.raises(HeadlineError, match="no place"):
        check_headline(document, make_inputs())
    with pytest.raises(HeadlineError, match="case 'clock'"):
        draw_tables(make_inputs(levels={"commit": "essential"}))
