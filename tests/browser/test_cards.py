"""The answer that the page opens with: cards, what they say, the list below them, and the matrix of the same stack."""

import copy
from pathlib import Path

import pytest

from reports.page.embedding import render_script
from reports.page.model import Site
from reports.page.pages import Pages, render_index
from reports.page.promises import PROMISES
from reports.page.scripts import build_code
from reports.page.site import write_files
from tests.browser.example import make_example

STACK, LONG = "example-sa20-psycopg-postgresql18", "example-sa20-psycopg-postgresql18-fastapi-asyncio02"
CHEAP, FAITHFUL, DEAR, LEAKY = (f"plain/example_recipe_{number:02}" for number in (7, 14, 21, 28))
LOST = {CHEAP: ("engine_sees_commit", "engine_begin", "clock_moves_on"), FAITHFUL: ("commit_as_text",), DEAR: ("commit_as_text", "clock_moves_on"), LEAKY: ()}
COSTS = {CHEAP: 1.31, FAITHFUL: 3.5, DEAR: 9.0, LEAKY: 1.0}
WORDS = dict.fromkeys(LOST, "isolates") | {LEAKY: "leaks"}
COLUMNS, ROWS = "#words .names th:not([hidden])", "#words tbody tr[data-id]:not([hidden])"

WHOLE = """(head) => [...head.querySelectorAll("a, span, small")].every((part) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    const [outer, own, text] = [head, part, range].map((one) => one.getBoundingClientRect());
    const clips = getComputedStyle(part).overflow !== "visible";
    return text.top >= outer.top - 1 && text.bottom <= outer.bottom + 1 && text.left >= outer.left - 2 && text.right <= outer.right + 2
        && (!clips || text.height <= own.height + 1);
})"""


@pytest.fixture(scope="module")
def results() -> dict:
    """Four recipes of one stack are as this file says, on all others they do not apply; two more stacks differ only at their end."""
    found, _ = make_example(lines=4, recipes=29, cases=12, servers=6)
    about = next(iter(found["cases"].values()))
    found["cases"] |= {case: {**about, "title": case, "level": "limit"} for case in PROMISES}
    for stack in found["words"]:
        for recipe in LOST:
            found["cells"][stack].pop(recipe, None)
            found["words"][stack][recipe] = {"word": "n/a", "note": "", "counts": {}, "cost": None, "outdated": False}
    for recipe, lost in LOST.items():
        found["cells"][STACK][recipe] = {case: {"verdict": "breaks" if case in lost else "isolates"} for case in PROMISES}
        found["words"][STACK][recipe] |= {"word": WORDS[recipe], "number": len(lost), "note": f"{len(lost)} lost", "cost": COSTS[recipe]}
    for end in ("1", "3"):
        for part in ("stacks", "words", "cells"):
            found[part][LONG + end] = copy.deepcopy(found[part][STACK])
    return found


@pytest.fixture(scope="module")
def carded(results, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("cards")
    site = Site(results)
    write_files([*render_index(Pages(site, {}, (), {})), ("data/code.js", render_script("code", "", build_code(site)))], directory)
    return directory


@pytest.fixture
def page(make_reader, carded):
    reader = make_reader(carded.as_uri())
    yield reader
    assert reader.problems == [] and reader.outside == []


def read_cards(opened) -> list[tuple[str, str]]:
    return [(card.locator(".role").inner_text(), card.locator("h3 a").inner_text()) for card in opened.locator("#found .card").all()]


def test_the_page_opens_with_the_usual_answer(page):
    opened = page.open("index.html")
    assert "Most projects have SQLAlchemy 2.0, psycopg, PostgreSQL 18." in opened.inner_text("#found .chosen")
    assert read_cards(opened) == [("Start here", CHEAP), ("As production", FAITHFUL)], "what another beats is on no card"
    assert "my-line" not in opened.url, "nothing was chosen"


def test_a_card_says_word_number_cost_and_where_to_go(page):
    card = page.open("index.html").locator("#found .card").first
    assert card.locator(".mark").text_content() == "✓ 3 isolates"
    assert "1.3 × a bare test" in card.inner_text()
    assert card.locator("h3 a").get_attribute("href") == f"recipes/{CHEAP}.html#{STACK}"


def test_a_card_tells_in_words_what_the_cells_say(page):
    for card, recipe in zip(page.open("index.html").locator("#found .card").all(), (CHEAP, FAITHFUL), strict=True):
        kept, lost = card.locator(".kept").inner_text(), card.locator(".lost").inner_text()
        for case, (holds, fails) in PROMISES.items():
            assert (holds in kept, fails in lost) == (case not in LOST[recipe], case in LOST[recipe]), case


def test_the_list_has_all_recipes_but_controls_and_can_be_sorted(page, results):
    opened = page.open("index.html?my-line=2.0&my-driver=psycopg&my-database=PostgreSQL 18&my-family=plain")
    opened.click("#found .everything > summary")
    names = opened.locator("#found tbody th a")
    assert names.all_inner_texts() == [FAITHFUL, DEAR, CHEAP, LEAKY]
    assert opened.locator("#found tbody .mark").all_text_contents() == ["✓ 1 isolates", "✓ 2 isolates", "✓ 3 isolates", "▲ leaks"]
    for choice, expected in (
        ("cost", [LEAKY, CHEAP, FAITHFUL, DEAR]),
        ("what it keeps", [LEAKY, FAITHFUL, DEAR, CHEAP]),
        ("word", [FAITHFUL, DEAR, CHEAP, LEAKY]),
    ):
        opened.select_option("#found .sort select", choice)
        assert names.all_inner_texts() == expected, choice
    assert "real_commits" in str(results["words"][STACK]) and "real_commits" not in opened.inner_text("#found")


def test_the_other_usual_stacks_are_one_link_away(page):
    opened = page.open("index.html")
    assert opened.locator("#usual a").all_inner_texts()[:2] == ["2.0, asyncpg", "2.0, asyncpg, FastAPI"], "no recipe applies to the others"
    opened.click("#usual a >> nth=1")
    opened.wait_for_url("**my-driver=asyncpg**")
    assert "Seen on SQLAlchemy 2.0, asyncpg, PostgreSQL 18" in opened.inner_text("#found .chosen")
    assert opened.input_value("#finder [name=family]") == "fastapi"


def test_the_matrix_opens_with_the_chosen_stack(page):
    opened = page.open("index.html")
    assert set(opened.eval_on_selector_all(ROWS, "rows => rows.map((row) => row.dataset.id)")) == {*LOST, "plain/real_commits"}
    assert opened.get_attribute("#words .names th.mine", "data-id") == STACK
    opened.select_option("#finder [name=driver]", "asyncpg")
    assert {row.partition("/")[0] for row in opened.eval_on_selector_all(ROWS, "rows => rows.map((row) => row.dataset.id)")} > {"asyncio"}
    assert "asyncpg" in opened.get_attribute("#words .names th.mine", "data-id")


def test_the_matrix_leaves_out_what_does_not_apply_to_the_stack(page, results):
    opened = page.open("index.html?my-line=2.0&my-driver=psycopg&my-database=PostgreSQL 18")
    applying = {recipe for recipe, word in results["words"][STACK].items() if word["word"] != "n/a"}
    assert set(opened.eval_on_selector_all(ROWS, "rows => rows.map((row) => row.dataset.id)")) == applying
    assert not [recipe for recipe in applying if recipe.startswith("asyncio/")] and len(applying) > 8


def test_a_family_shows_the_columns_that_it_runs_on_and_no_others(page, results):
    opened = page.open("index.html?family=asyncio")
    shown = opened.eval_on_selector_all(COLUMNS, "heads => heads.map((head) => head.dataset.id)")
    assert set(shown) == {stack for stack, words in results["words"].items() if any(r.startswith("asyncio/") and w["word"] != "n/a" for r, w in words.items())}
    assert 0 < len(shown) < len(results["stacks"])


@pytest.mark.parametrize("width", [1440, 390])
def test_heads_that_differ_at_their_end_are_shown_whole(page, width):
    page.page.set_viewport_size({"width": width, "height": 900})
    opened = page.open(f"index.html?stack={LONG}1")
    for end in ("1", "3"):
        head = opened.locator(f"#words .names th[data-id='{LONG}{end}']")
        assert head.inner_text().replace("\n", " ").endswith(f"fastapi asyncio02{end}")
        assert head.evaluate(WHOLE), "no part reaches beyond its head, and none is shorter than its text"


def test_the_first_screen_has_the_answer_and_the_matrix_after_it(page):
    opened = page.open("index.html")
    card, title = opened.locator("#found .card").first.bounding_box(), opened.locator("#matrix-title").bounding_box()
    assert card["y"] + card["height"] < title["y"] < 900
