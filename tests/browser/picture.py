"""Make the README's picture: `nox -s picture`, or python -m tests.browser.picture."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from reports.__main__ import gather_headline
from reports.page.embedding import render_script
from reports.page.model import Site
from reports.page.pages import Pages, render_index
from reports.page.scripts import build_code
from reports.page.site import write_files
from reports.places import Places
from reports.readme.picture import MARK, hash_preview, make_preview
from reports.results.content import read_content
from tests.browser.conftest import find_chromium, open_page

PICTURE = Path("reports") / "finder.png"
FINDER = "index.html?my-line=2.1&my-database=PostgreSQL+18&my-driver=psycopg"


def read_preview(places: Places) -> dict:
    return make_preview(gather_headline(places), read_content(places.root))


def take_picture(browser, preview: dict, directory: Path) -> bytes:
    """The finder's answer for the preview's stack, as PNG."""
    site = Site(preview)
    write_files([*render_index(Pages(site, {}, (), {})), ("data/code.js", render_script("code", "", build_code(site)))], directory)
    reader = open_page(browser, directory.as_uri(), viewport={"width": 1080, "height": 1200}, color_scheme="light", reduced_motion="reduce")
    page = reader.open(FINDER)
    page.locator("#found .card summary").first.click()
    page.wait_for_selector("#found figure")
    box = page.locator("#find").bounding_box()
    picture = page.screenshot(clip={**box, "height": min(box["height"], 820)})
    page.context.close()
    assert reader.problems == []
    return picture


def main() -> None:
    places = Places()
    preview, readme = read_preview(places), places.root / "README.md"
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as directory:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        (places.root / PICTURE).write_bytes(take_picture(browser, preview, Path(directory)))
        browser.close()
    readme.write_text(MARK.sub(f"<!-- picture: inputs {hash_preview(preview)} -->", readme.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{PICTURE} and its mark in README.md are renewed")


if __name__ == "__main__":
    main()
