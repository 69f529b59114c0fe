"""Pictures of the main views, wide and phone, light and dark, into MATRIX_SCREENSHOTS (or a temporary directory)."""

import os
import struct
from pathlib import Path

import pytest

VIEWS = {
    "index": "index.html?my-line=2.0&my-driver=psycopg2&my-database=PostgreSQL+18",
    "matrix": "index.html#matrix",
    "recipe": "recipes/plain/example_recipe_07.html",
    "cell": "cell.html",
    "upgrade": "upgrade.html",
    "story": "stories/example-story.html",
}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    named = os.environ.get("MATRIX_SCREENSHOTS")
    directory = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def leak(example) -> str:
    results, _ = example
    return next(f"cell.html#{s}/{r}/{c}" for s, rs in results["cells"].items() for r, cs in rs.items() for c, cell in cs.items() if cell["verdict"] == "leaks")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("view", VIEWS)
def test_picture(reader, pictures, leak, view, width):
    reader.page.set_viewport_size({"width": width, "height": 900})
    page = reader.open(leak if view == "cell" else VIEWS[view])
    page.wait_for_selector({"index": "#found .card", "cell": ".timeline svg", "upgrade": "#changes .lead"}.get(view, "table.grid.fixed, h1"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        picture = page.screenshot(path=pictures / f"{view}-{width}-{scheme}.png")
        assert struct.unpack(">II", picture[16:24]) == (width, 900)
        assert len(picture) > 8000, "more than an empty page"
