"""The README's headline table is made from committed inputs, and a stale one is found."""

from types import SimpleNamespace

import pytest

from matrix.judging.changes import Judged
from reports.readme.headline import HeadlineError, Inputs, check_headline, draw_table, write_headline

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


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# Title\n\n<!-- headline: begin -->\n<!-- headline: end -->\n\nMore.\n")
    return path


def test_table_shows_the_worst_word_per_line_and_product():
    lines = draw_table(make_inputs()).splitlines()
    assert lines[0] == "| recipe | PostgreSQL<br>1.3 | PostgreSQL<br>1.4 future | PostgreSQL<br>2.0 | MySQL<br>2.0 |"
    assert lines[2] == "| `plain/a` | ▲ leaks | · not run | ▲ leaks * | – n/a |"
    assert lines[3] == "| `plain/b` | – n/a | · not run | ✓ isolates | ✗ breaks |"
    assert "isolates, with limits:" in lines[-1]


def test_families_that_are_not_for_everybody_are_folded_with_their_own_columns():
    table = draw_table(make_inputs(baseline=make_inputs().baseline | {"my20/flask/c/commit": LEAKS}))
    assert "| `plain/a` |" in table.partition("<details>")[0]
    folded = table.partition("<details><summary>family flask</summary>\n\n")[2].splitlines()
    assert folded[0] == "| recipe | PostgreSQL<br>1.4 future | MySQL<br>2.0 |"
    assert folded[2] == "| `flask/c` | · not run | ▲ leaks |"


def test_readme_is_filled_once_and_found_up_to_date(readme):
    assert write_headline(readme, make_inputs())
    assert not write_headline(readme, make_inputs())
    check_headline(readme, make_inputs())
    text = readme.read_text()
    assert text.startswith("# Title\n")
    assert text.endswith("\nMore.\n")


@pytest.mark.parametrize(
    "changed",
    [
        {"baseline": make_inputs().baseline | {"pg13/plain/a/commit": ISOLATES}},
        {"baseline": make_inputs().baseline | {"pg13/plain/a/commit": Judged("leaks", "other_cause")}},
        {"rows": ROWS[:-1]},
        {"levels": LEVELS | {"clock": "common"}},
    ],
)
def test_changed_input_makes_it_stale(readme, changed):
    write_headline(readme, make_inputs())
    with pytest.raises(HeadlineError, match="stale"):
        check_headline(readme, make_inputs(**changed))


def test_edited_table_is_found(readme):
    write_headline(readme, make_inputs())
    readme.write_text(readme.read_text().replace("▲ leaks |", "✓ isolates |", 1))
    with pytest.raises(HeadlineError, match="not what its inputs give"):
        check_headline(readme, make_inputs())


def test_readme_without_a_place_and_unknown_case_are_clear_errors(tmp_path, readme):
    readme.write_text("# Title\n")
    with pytest.raises(HeadlineError, match="no place"):
        check_headline(readme, make_inputs())
    with pytest.raises(HeadlineError, match="case 'clock'"):
        draw_table(make_inputs(levels={"commit": "essential"}))
