"""The matrix: filters, the address that keeps them, the keyboard, highlights, sticky heads."""

import pytest

COLUMNS = "#words .names th:not([hidden])"
ROWS = "#words tbody tr[data-id]:not([hidden])"


def count(page, selector: str) -> int:
    return page.locator(selector).count()


@pytest.mark.parametrize(
    ("field", "value", "columns"),
    [("line", "2.0", 8), ("database", "MySQL 9.7", 10), ("driver", "asyncpg", 5), ("run", "this", 38)],
)
def test_filter_by_stack(reader, field, value, columns):
    page = reader.open("index.html?family=all")
    page.select_option(f"#filters [name={field}]", value)
    assert count(page, COLUMNS) == columns
    assert count(page, ROWS) == 14
    assert sum(int(cell.get_attribute("colspan") or 1) for cell in page.locator("#words .groups th:not(.corner):not([hidden])").all()) == columns


def test_filter_by_family_leaves_out_stacks_where_nothing_applies(reader):
    page = reader.open("index.html?family=all")
    page.select_option("#filters [name=family]", "asyncio")
    assert count(page, ROWS) == 2
    assert set(page.locator(f"{COLUMNS} span").all_inner_texts()) == {"asyncpg PostgreSQL 18", "aiomysql MySQL 9.7", "asyncmy MariaDB 11.8"}


@pytest.mark.parametrize(("field", "value"), [("word", "isolates, with limits"), ("cause", "example_cause_03")])
def test_filter_by_verdict_and_cause_shows_what_matches(reader, example, field, value):
    results, _ = example
    page = reader.open("index.html?family=all")
    page.select_option(f"#filters [name={field}]", value)
    words = [word for of_stack in results["words"].values() for word in of_stack.values()]
    expected = sum(word["word"] == value if field == "word" else value in word.get("causes", {}) for word in words)
    assert expected > 0
    assert page.locator("#words tbody td:not(.muted):visible").count() == expected


def test_filters_are_kept_in_the_address_and_cleared(reader):
    page = reader.open("index.html?family=all")
    page.select_option("#filters [name=line]", "2.1")
    page.select_option("#filters [name=driver]", "pymysql")
    assert page.url.endswith("?family=all&line=2.1&driver=pymysql")
    page = reader.open("index.html?family=all&line=2.1&driver=pymysql")
    assert count(page, COLUMNS) == 2
    page.click("#filters button[type=reset]")
    page.wait_for_function("!location.search")
    assert count(page, COLUMNS) == 39, "those that the stack's family runs on; one stack was not run"


@pytest.mark.parametrize(
    ("query", "least"), [("family=all", 33), ("family=all&line=2.1", 33), ("family=all&driver=asyncpg", 55), ("family=plain&line=1.3", 33)]
)
def test_columns_keep_their_width_whatever_is_hidden(reader, query, least):
    """A section's title that spans more columns than are shown made those that are shown a few pixels wide."""
    page = reader.open(f"index.html?{query}")
    widths = page.eval_on_selector_all("#words .names th:not([hidden]):not(.corner)", "cells => cells.map(cell => cell.getBoundingClientRect().width)")
    assert min(widths) >= least
    assert max(widths) - min(widths) < 2


def test_nothing_matches_is_said(reader):
    page = reader.open("index.html?family=all&line=1.3&driver=asyncpg&database=MySQL+9.7")
    assert "Nothing matches" in page.locator("#count").inner_text()


def test_one_tab_stop_and_arrow_keys(reader):
    page = reader.open("index.html?family=all")
    assert page.locator("#words [tabindex='0']").count() == 1
    page.focus("#words [tabindex='0']")
    where = "(() => { const cell = document.activeElement.closest('td, th'); return [cell.parentElement.dataset.id ?? 'head', cell.cellIndex]; })()"
    assert page.evaluate(where) == ["plain/example_recipe_07", 0]
    for key, expected in [
        ("ArrowRight", ["plain/example_recipe_07", 1]), ("End", ["plain/example_recipe_07", 40]), ("Home", ["plain/example_recipe_07", 0]),
        ("ArrowDown", ["plain/real_commits", 0]), ("ArrowRight", ["plain/real_commits", 1]), ("ArrowDown", ["asyncio/example_recipe_08", 1]),
        ("ArrowUp", ["plain/real_commits", 1]), ("PageUp", ["head", 0]), ("ArrowRight", ["head", 1]), ("Control+End", ["plugins/real_commits", 40]),
        ("Control+Home", ["plain/example_recipe_07", 0]),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert page.evaluate(where) == expected, key
        assert page.locator("#words [tabindex='0']").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recipes/plain/example_recipe_07.html#*")


def test_arrow_keys_skip_hidden_columns(reader):
    page = reader.open("index.html?family=all&driver=asyncpg")
    page.focus("#words [tabindex='0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.closest('td').cellIndex") == 10


def test_focused_cell_is_not_under_the_sticky_heads(reader):
    page = reader.open("index.html?family=all")
    page.focus("#words [tabindex='0']")
    for key in ("Control+End", "ArrowUp", "ArrowLeft", "Control+Home", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        seen = page.evaluate("(() => { const box = document.activeElement.getBoundingClientRect();"
                             "const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);"
                             "return document.activeElement.contains(top); })()")  # fmt: skip
        assert seen, key


def test_row_and_column_under_the_pointer_are_lit(reader):
    page = reader.open("index.html?family=all")
    page.locator("#words tr[data-id='plain/real_commits'] td").nth(4).hover()
    assert page.locator("#words .names th.lit").get_attribute("data-id") == page.locator("#words .names th").nth(4).get_attribute("data-id")
    assert page.locator("#words tbody td.lit").count() == 14


def test_heads_stay_in_view(reader):
    page = reader.open("index.html?family=all")
    page.evaluate("document.querySelector('#matrix .scroll').scrollTo(600, 200)")
    box = page.locator("#matrix .scroll").bounding_box()
    assert page.locator("#words .groups .corner").bounding_box()["y"] == pytest.approx(box["y"], abs=2)
    assert page.locator("#words tbody th[scope=row]").first.bounding_box()["x"] == pytest.approx(box["x"], abs=2)


def test_every_cell_says_its_word_beside_the_colour(reader):
    page = reader.open("index.html?family=all")
    bare = """[...document.querySelectorAll('#words tbody td')].filter((cell) => {
        const word = cell.querySelector('i'), holder = word?.parentElement;
        return !word?.textContent.trim() || !holder.firstChild.data?.trim() || !holder.getAttribute('aria-label').includes(word.textContent.trim());
    }).length"""
    assert page.evaluate(bare) == 0
    assert "symbols" in page.locator("#words").get_attribute("class")
    page.select_option("#filters [name=cells]", "words")
    assert "symbols" not in page.locator("#words").get_attribute("class")


def test_themes(make_reader):
    background = "getComputedStyle(document.documentElement).backgroundColor"
    page = make_reader(color_scheme="light").open("index.html")
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    assert light != dark
    button = page.locator("button.theme")
    button.click()
    assert (page.evaluate(background), button.get_attribute("aria-label")) == (light, "Theme: light")
    page.reload()
    assert page.evaluate(background) == light, "the choice is kept"
    button.click()
    page.emulate_media(color_scheme="light")
    assert page.evaluate(background) == dark


def test_print_is_light_and_without_controls(make_reader):
    page = make_reader(color_scheme="dark").open("index.html")
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator("#filters").is_visible()
    assert not page.locator("#find").is_visible()
    assert page.locator("#words").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(251, 250, 246)"


@pytest.mark.parametrize(
    "name", ["index.html", "recipes/plain/example_recipe_07.html", "cases/example_case_03.html", "stacks/example-sa20-asyncpg-postgresql18.html"]
)
def test_readable_without_javascript(make_reader, name):
    page = make_reader(java_script_enabled=False).open(name)
    assert page.locator("table.grid td.isolates, table.grid td.breaks").first.is_visible()
    assert page.locator("button:visible, select:visible").count() == 0
    if name.startswith("recipes"):
        assert "transaction.rollback()" in page.locator("#file").inner_text()
        assert "needs an asynchronous driver" not in page.locator("main").inner_text()
