"""A real browser on reports made from example results."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reports.badge import write_badges
from reports.page.model import Site
from reports.page.packing import pack_details
from reports.page.pages import Pages, render_index
from reports.page.site import write_files, write_site
from reports.stories import list_told, load_stories
from tests.browser.example import make_example
from tests.browser.example_story import find_cell, make_story
from tests.presence import report_absence

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SIZE = {"width": 1440, "height": 900}
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def browser():
    path = find_chromium()
    if path is None:
        report_absence("chromium", "no chromium on PATH; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="session")
def example() -> tuple[dict, dict]:
    return make_example()


@pytest.fixture(scope="session")
def red(example) -> dict:
    """One red cell of a stack of this run, by name."""
    return find_cell(example[0], "leaks")


@pytest.fixture(scope="session")
def site(example, tmp_path_factory) -> Path:
    return write_example(*example, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> tuple[dict, Path]:
    """Three stacks, every family and theme: its pages have all that larger ones have, less often. Results and the site."""
    results, details = make_example(lines=1, servers=3, cases=7)
    return results, write_example(results, details, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> Path:
    """The page that opens first, with 40 stacks, 60 recipes and 70 cases."""
    results, _ = make_example(lines=5, recipes=60, cases=70)
    directory = tmp_path_factory.mktemp("large")
    write_files(render_index(Pages(Site(results), {}, (), {})), directory)
    return directory


def write_example(results: dict, details: dict, directory: Path) -> Path:
    stories = [make_story(results), *load_stories()]
    packed = {stack: pack_details(found, list_told(stories)) for stack, found in details.items()}
    write_site(results, packed, directory, stories)
    write_badges(results, directory)
    return directory


@pytest.fixture(scope="session")
def address(site) -> Iterator[str]:
    """The same site over http."""
    yield from serve(site)


def serve(directory: Path) -> Iterator[str]:
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Reader:
    """A page of the browser that remembers what went wrong on it."""

    def __init__(self, page, base: str) -> None:
        self.page, self.base, self.problems, self.outside = page, base, [], []
        page.on("console", lambda message: self.problems.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.outside.append(request.url) if not request.url.startswith((self.base, "data:", "about:")) else None)

    def open(self, name: str):
        self.page.goto("about:blank")  # so that only what comes after "#" changing is a new visit too
        self.page.goto(f"{self.base}/{name}")
        return self.page


def open_page(browser, base: str, **options) -> Reader:
    context = browser.new_context(**{"viewport": SIZE, **options})
    context.set_default_timeout(60_000)
    return Reader(context.new_page(), base)


@pytest.fixture
def make_reader(browser, site):
    """Open a page of its own: make_reader(base=..., **what Playwright's new_context takes)."""
    readers = []

    def make(base: str | None = None, **options) -> Reader:
        readers.append(open_page(browser, base or site.as_uri(), **options))
        return readers[-1]

    yield make
    for reader in readers:
        reader.page.context.close()


@pytest.fixture(scope="session")
def shared_page(browser, site) -> Iterator[Reader]:
    """One page for all tests that leave nothing in it: a new one costs more than most of them."""
    reader = open_page(browser, site.as_uri())
    yield reader
    reader.page.context.close()


@pytest.fixture
def reader(shared_page, site) -> Iterator[Reader]:
    """A page on file://, which must end without an error in the console and without a request to anywhere else."""
    shared_page.page.goto("about:blank")
    shared_page.base, shared_page.problems[:], shared_page.outside[:] = site.as_uri(), [], []
    yield shared_page
    shared_page.page.emulate_media(color_scheme=None, reduced_motion=None)
    shared_page.page.set_viewport_size(SIZE)
    assert shared_page.problems == []
    assert shared_page.outside == []
