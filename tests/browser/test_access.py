"""axe-core finds no violation of WCAG 2.2 AA in any view, in both themes, on a wide screen and a phone."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.presence import report_absence

AXE = "4.14.1"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = ("index.html?my-line=2.0&my-driver=psycopg2", "recipes.html", "recipes/plain/example_recipe_07.html", "cases.html", "cases/example_case_03.html", "stacks.html",
         "stacks/example-sa20-asyncpg-postgresql18.html", "causes.html", "upgrade.html", "changes.html", "about.html", "cell.html")  # fmt: skip


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
    with tarfile.open(cache / f"axe-core-{AXE}.tgz") as archive:
        archive.extractall(cache, filter="data")


@pytest.fixture(scope="session")
def cell(example) -> str:
    results, _ = example
    return next(f"cell.html#{s}/{r}/{c}" for s, rs in results["cells"].items() for r, cs in rs.items() for c, cell in cs.items() if cell["verdict"] == "hangs")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light")])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(make_reader, axe, cell, view, width, scheme):
    reader = make_reader(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = reader.open(cell if view == "cell.html" else view)
    page.wait_for_timeout(150)
    page.evaluate("() => { for (const details of [...document.querySelectorAll('details')].slice(0, 6)) details.open = true; }")
    page.evaluate(f"{axe}; undefined")
    found = page.evaluate("(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })", TAGS)
    assert [f"{item['id']}: {node['html'][:160]} {node['failureSummary'][:240]}" for item in found["violations"] for node in item["nodes"][:3]] == []
    assert len(found["passes"]) > 15, "axe looked at the page"
