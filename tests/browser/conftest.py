"""A real browser on reports made from example results."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reports.badge import write_badges
from reports.page import write_site
from tests.browser.example import make_example
from tests.presence import report_absence

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")


@pytest.fixture(scope="session")
def browser():
    path = next(filter(None, map(shutil.which, NAMES)), None)
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
def site(example, tmp_path_factory) -> Path:
    return write_example(*example, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> Path:
    """40 stacks, 60 recipes, 70 cases."""
    return write_example(*make_example(lines=5, recipes=60, cases=70), tmp_path_factory.mktemp("large"))


def write_example(results: dict, details: dict, directory: Path) -> Path:
    write_site(results, details, directory)
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
        page.on("request", lambda request: self.outside.append(request.url) if not request.url.startswith((base, "data:")) else None)

    def open(self, name: str):
        self.page.goto("about:blank")  # so that only what comes after "#" changing is a new visit too
        self.page.goto(f"{self.base}/{name}")
        return self.page


@pytest.fixture
def make_reader(browser, site):
    """Open a page: make_reader(base=..., **what Playwright's new_context takes)."""
    contexts = []

    def make(base: str | None = None, **options) -> Reader:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(60_000)
        contexts.append(context)
        return Reader(context.new_page(), base or site.as_uri())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def reader(make_reader) -> Iterator[Reader]:
    """A page on file://, which must end without an error in the console and without a request to anywhere else."""
    found = make_reader()
    yield found
    assert found.problems == []
    assert found.outside == []
