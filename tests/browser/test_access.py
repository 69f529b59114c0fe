"""axe-core finds no violation of WCAG 2.2 AA in any view, in both themes, on a wide screen and a phone."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from matrix.cache import unpack
from tests.browser.conftest import open_page
from tests.presence import report_absence

AXE = "4.14.1"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = ("index.html?my-line=1.3&my-driver=psycopg2", "recipes.html", "recipes/plain/example_recipe_07.html", "cases.html", "cases/example_case_03.html", "stacks.html",
         "stacks/example-sa13-psycopg2-postgresql14.html", "causes.html", "upgrade.html", "changes.html", "about.html", "stories.html",
         "stories/example-story.html", "cell.html")  # fmt: skip
# What a theme and a phone can change of a page whose markup is the same: colours, sizes, what scrolls, what is hidden.
SEEN = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable", "aria-hidden-focus"]


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core, fetched once by npm into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "isolation-matrix" / f"axe-core-{AXE}"
    script = cache / "package" / "axe.min.js"
    if not script.is_file():
        fetch_axe(cache)
    return script.read_text(encoding="utf-8")


def fetch_axe(cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        report_absence("chromium", "axe-core, which runs in it, comes from npm, and npm is not on PATH")
    cache.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, "pack", "--silent", f"axe-core@{AXE}"], cwd=cache, capture_output=True, text=True, timeout=180)
    if done.returncode:
        report_absence("chromium", f"axe-core, which runs in it, could not be fetched by npm: {done.stderr.strip()[-300:]}")
    unpack(cache / f"axe-core-{AXE}.tgz", cache)  # npm has checked its hash


@pytest.fixture(scope="session")
def cell(small) -> str:
    """A red cell with a timeline."""
    results, _ = small
    return next(f"cell.html#{s}/{r}/{c}" for s, rs in results["cells"].items() for r, cs in rs.items() for c, cell in cs.items() if cell["verdict"] == "hangs")


@pytest.fixture(scope="module")
def examined(browser, small, axe):
    reader = open_page(browser, small[1].as_uri(), bypass_csp=True)
    yield reader
    reader.page.context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(examined, axe, cell, view):
    page = examined.page
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        examined.open(cell if view == "cell.html" else view)
        page.wait_for_function("!document.querySelector('#cell, #changes') || document.querySelector('.timeline svg, #changes .lead')")
        page.evaluate("() => { for (const details of [...document.querySelectorAll('details')].slice(0, 6)) details.open = true; }")
        page.evaluate(f"{axe}; undefined")
        page.evaluate("() => new Promise((done) => setTimeout(done, 50))")  # what opened is drawn
        everything = {"type": "tag", "values": TAGS}
        assert examine(page, everything) > 15, "axe looked at the page"
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        assert examine(page, {"type": "rule", "values": SEEN}) > 1


def examine(page, rules: dict) -> int:
    """How many rules axe found kept; fails when one is not."""
    found = page.evaluate("(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", rules)
    assert [f"{item['id']}: {node['html'][:160]} {node['failureSummary'][:240]}" for item in found["violations"] for node in item["nodes"][:3]] == []
    return len(found["passes"])
