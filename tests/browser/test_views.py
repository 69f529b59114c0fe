"""Every view opens from disk and over http, and every kind of deep link leads where it says."""

import pytest

VIEWS = {
    "index.html": "Which fixture isolates your database tests?",
    "recipes.html": "Recipes",
    "cases.html": "Cases",
    "stacks.html": "Stacks",
    "causes.html": "Causes",
    "upgrade.html": "Upgrade",
    "changes.html": "Changes",
    "about.html": "About",
    "cell.html": "A cell",
    "stories.html": "Stories",
    "stories/example-story.html": "An example of a story",
    "recipes/plain/example_recipe_07.html": "example_recipe_07",
    "cases/example_case_03.html": "example_case_03 essential",
    "stacks/example-sa20-asyncpg-postgresql18.html": "SQLAlchemy 2.0, asyncpg, PostgreSQL 18",
}


@pytest.mark.parametrize(("name", "title"), VIEWS.items())
def test_view_opens_from_disk_and_fits(reader, name, title):
    page = reader.open(name)
    assert page.locator("h1").first.inner_text() == title
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_views_open_over_http(reader, address):
    reader.base = address
    for name, title in VIEWS.items():
        assert reader.open(name).locator("h1").first.inner_text() == title
        assert (reader.problems, reader.outside) == ([], []), name


def test_every_link_of_the_site_leads_somewhere(site):
    from html.parser import HTMLParser

    class Links(HTMLParser):
        def __init__(self):
            super().__init__()
            self.ids, self.links = set(), []

        def handle_starttag(self, tag, attributes):
            found = dict(attributes)
            self.ids.add(found.get("id"))
            self.links.extend(found[name] for name in ("href", "src") if found.get(name))

    pages = {}
    for path in site.rglob("*.html"):
        pages[path] = Links()
        pages[path].feed(path.read_text())
    assert len(pages) > 70
    for path, page in pages.items():
        for link in page.links:
            if link.startswith("https:"):
                continue
            name, _, fragment = link.partition("#")
            target = (path.parent / name.partition("?")[0]).resolve() if name else path
            assert target.is_file(), f"{path.relative_to(site)}: {link}"
            if fragment and target.name != "cell.html":
                assert fragment in pages[target].ids, f"{path.relative_to(site)}: {link}"


def test_cell_shows_its_facts(reader, red):
    page = reader.open(f"cell.html#{red['id']}")
    page.wait_for_selector(".timeline svg")
    text = page.locator("main").inner_text()
    assert "▲\nleaks" in text or "▲ leaks" in text
    for part in ("Example reason", "First event: the server received COMMIT", "assert 0 == 1", "rows added", "Restored for the next cell: rows"):
        assert part in text
    assert f'nox -s "stack({red["stack"]})" -- --recipe {red["recipe"]} --case {red["case"]}' in text
    assert page.title().startswith(red["id"])


def test_timeline_has_a_lane_per_connection_and_a_text_alternative(reader, red):
    page = reader.open(f"cell.html#{red['id']}")
    page.wait_for_selector(".timeline svg")
    assert page.locator(".timeline line.lane:not(.open)").count() == 2
    assert "first event" in page.locator(".timeline .first").text_content()
    page.get_by_text("The timeline as text").click()
    steps = page.locator("#timeline-text li").all_inner_texts()
    assert len(steps) == 7
    assert "connection 2 (server process 4002)" in steps[3]
    assert "(the first event that caused the verdict)" in steps[5]


def test_clean_cell_and_unknown_cell_say_so(reader, example):
    results, _ = example
    stack, recipe, case = next(
        (s, r, c) for s, rs in results["cells"].items() for r, cs in rs.items() for c, cell in cs.items() if cell["verdict"] == "isolates"
    )
    page = reader.open(f"cell.html#{stack}/{recipe}/{case}")
    page.get_by_text("the witness found the database as it was").wait_for()
    page = reader.open(f"cell.html#{stack}/plain/no_such/{case}")
    page.get_by_text("These results have no recipe of that name").wait_for()


def test_recipe_link_marks_the_stack(reader, red):
    page = reader.open(f"recipes/{red['recipe']}.html#{red['stack']}")
    row = page.locator("tr:target")
    assert row.locator("th a").get_attribute("href") == f"../../stacks/{red['stack']}.html"
    assert row.locator("details").get_attribute("open") is not None


def test_link_to_a_hidden_column_reveals_it(reader):
    page = reader.open("index.html?line=2.0&family=plain&stack=example-sa13-asyncpg-postgresql18")
    assert page.locator("#words .names th[data-id='example-sa13-asyncpg-postgresql18']").is_visible()
    assert page.evaluate("document.activeElement.closest('th').dataset.id") == "example-sa13-asyncpg-postgresql18"
    assert page.locator("#filters [name=line]").input_value() == ""
    assert page.locator("#filters [name=family]").input_value() == "plain", "a filter that hides nothing of it stays"


def test_upgrade_compares_the_two_named_stacks(reader, example):
    results, _ = example
    before, after = "example-sa14-psycopg2-postgresql18", "example-sa20-psycopg2-postgresql18"
    page = reader.open(f"upgrade.html?from={before}&to={after}&recipe=plain/example_recipe_07")
    page.wait_for_selector("#changes .lead")
    old, new = (results["cells"][stack]["plain/example_recipe_07"] for stack in (before, after))
    expected = {case for case in old if (old[case]["verdict"], old[case].get("cause")) != (new[case]["verdict"], new[case].get("cause"))}
    assert {item.split(":")[0] for item in page.locator("section[aria-label^=plain] .changes li").all_inner_texts()} == expected
    page.click("#swap")
    assert f"from={after}" in page.url


def test_changes_and_causes_have_their_targets(reader):
    page = reader.open("changes.html")
    assert ["1 regressed" in lead for lead in page.locator(".lead").all_inner_texts()] == [True, True]
    assert "With pre-releases" in page.locator("section[aria-labelledby=coming]").inner_text()
    link = reader.open("causes.html").locator("ol.causes li a", has_text="Show them in the matrix").first
    link.click()
    reader.page.wait_for_selector("#filters label.set")
    assert "cause=example_cause_" in reader.page.url
    shown = reader.page.locator("#words tbody td:not([hidden]):not(.muted)").count()
    assert 0 < shown < 14 * 40


def test_story_sets_what_was_measured_beside_what_was_claimed(reader, red):
    page = reader.open("stories/example-story.html")
    claim = page.locator("#leaking")
    assert "as claimed" in claim.inner_text() and red["case"] in claim.inner_text()
    assert "did not reproduce" in page.locator("#clean").inner_text()
    assert "not run" in page.locator("#absent").inner_text()
    claim.get_by_text(f"Timeline of {red['case']}").click()
    claim.locator(".timeline svg").wait_for()
    assert "first event" in claim.locator(".timeline .first").text_content()
    claim.get_by_role("link", name=red["case"]).click()
    page.wait_for_selector("h1:not(:empty)")
    assert page.url.endswith(f"cell.html#{red['id']}")


def test_link_to_a_claim_marks_it(reader):
    page = reader.open("stories/example-story.html#clean")
    assert page.locator("article:target").get_attribute("id") == "clean"


def test_badges_are_previewed(reader):
    page = reader.open("about.html")
    page.select_option("#badge [name=stack]", "example-sa20-asyncpg-postgresql18")
    page.select_option("#badge [name=recipe]", "plain/example_recipe_07")
    image = page.locator("#snippets img")
    page.wait_for_function("document.querySelector('#snippets img').naturalWidth > 50")
    assert image.get_attribute("src") == "badges/example-sa20-asyncpg-postgresql18/plain/example_recipe_07.svg"
    for stack, recipe, address in (("", "", "badge"), ("", "plain/example_recipe_07", "badges/plain/example_recipe_07"),
                                   ("example-sa20-asyncpg-postgresql18", "", "badges/example-sa20-asyncpg-postgresql18")):  # fmt: skip
        page.select_option("#badge [name=stack]", stack)
        page.select_option("#badge [name=recipe]", recipe)
        page.wait_for_function(
            "(address) => { const image = document.querySelector('#snippets img'); return image.src.endsWith(`${address}.svg`) && image.naturalWidth > 50; }",
            arg=address,
        )
        assert f"{address}.json".replace("/", "%2F") in page.locator("#snippets").inner_text()
    page.select_option("#badge [name=recipe]", "plain/example_recipe_07")
    assert "[![plain/example_recipe_07 on example-sa20-asyncpg-postgresql18](" in page.locator("#snippets").inner_text()


def test_every_detail_is_as_it_was_before_it_was_packed(reader, example):
    """All cells of a stack, decoded by the page itself."""
    stack, details = next((stack, found) for stack, found in example[1].items() if found["cells"])
    page = reader.open("cell.html")
    decode = """async ([stack, cells]) => {
        const details = await isolationMatrix.load("details", stack, `data/${stack}.js`);
        return cells.map(([recipe, test]) => isolationMatrix.unpackDetail(details, recipe, test));
    }"""
    cells = [[recipe, case] for recipe, by_case in details["cells"].items() for case in by_case]
    for (recipe, case), found in zip(cells, page.evaluate(decode, [stack, cells]), strict=True):
        given = details["cells"][recipe][case]
        for name in ("phases", "errors", "repair", "pass", "ended", "hang", "crash", "reason", "passes", "timeline"):
            assert found[name] == given[name], (recipe, case, name)
        assert found["duration_s"] == pytest.approx(given["duration_s"], abs=1e-4)
        assert found["proof"] == {name: given["proof"][name] for name in ("timeline", "text")}
        assert [item["detail"] for item in found["residue"]] == [item["detail"] for item in given["residue"]]
    assert len(cells) > 20


def test_tables_of_verdicts_link_each_cell_that_is_not_clean(reader, example, red):
    """The links are made by script, of the table's own name, the row's and the column's."""
    stack, recipe, case = red["id"].split("/")[0], red["recipe"], red["case"]
    family, name = recipe.split("/")
    places = {
        f"stacks/{stack}.html": (recipe, case), f"cases/{case}.html": (recipe, stack), f"recipes/{family}/{name}.html": (case, stack),
    }  # fmt: skip
    for address, (row, column) in places.items():
        page = reader.open(address)
        place = page.eval_on_selector_all(".grid .names th", "(heads, column) => heads.findIndex((head) => head.dataset.id === column)", column)
        cell = page.locator(f'.grid tr[data-id="{row}"] td').nth(place)
        assert cell.locator("a").get_attribute("href").endswith(f"cell.html#{red['id']}"), address
        assert page.locator(".grid td.isolates a, .grid td.na a").count() == 0


def test_recipe_lists_its_cells_that_are_not_clean_by_cause(reader, red):
    family, name = red["recipe"].split("/")
    stack = red["id"].split("/")[0]
    page = reader.open(f"recipes/{family}/{name}.html#{stack}")
    row = page.locator(f'tr[id="{stack}"]')
    row.locator(f"ul.bad a >> text='{red['case']}'").first.wait_for()
    assert row.locator(f"ul.bad a >> text='{red['case']}'").first.get_attribute("href").endswith(f"cell.html#{red['id']}")
