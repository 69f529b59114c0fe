"""A story about the example results: a claim that holds, one that does not, and one about a stack that is not there."""

from reports.stories import Claim, Story, Tried
from tests.browser.example import FAMILIES


def find_cell(results: dict, verdict: str) -> dict:
    """The first cell with that verdict on a stack of this run, with its names."""
    for stack, recipes in results["cells"].items():
        for recipe, cells in recipes.items():
            for case, cell in cells.items():
                if cell["verdict"] == verdict and results["stacks"][stack]["state"] == "ran":
                    return {"id": f"{stack}/{recipe}/{case}", "stack": stack, "recipe": recipe, "case": case, **cell}
    raise AssertionError(f"the example has no cell that {verdict}")


def make_story(results: dict) -> Story:
    """The claims are that cells leak: one does, one is clean, one is of a stack without results."""
    leak, clean = find_cell(results, "leaks"), find_cell(results, "isolates")
    claims = tuple(
        Claim(name, part, "The author", "What `commit` does here.", stack or cell["stack"], cell["recipe"], (cell["case"],), "leaks")
        for name, part, cell, stack in (("leaking", "happens", leak, None), ("clean", "works", clean, None), ("absent", "upgrade", leak, "no-such-stack"))
    )
    return Story("example-story", "An example of a story", "A summary with `code`.", "What somebody wrote.\n\nAnd more.", "an invented page", "https://example.org/",
                 leak["stack"], "The pins.", FAMILIES, (clean["stack"],), claims, (Tried("A script beside it.", "tests/reports/test_stories.py::test_x"),))  # fmt: skip
