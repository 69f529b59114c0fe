"""A run of few recipes says first what they are worth, why, how to see it, and what does better."""

import io

import pytest
from rich.console import Console

from reports.asked import FEW, find_better, print_asked
from reports.summary import summarise_run
from tests.made_facts import STACK, leaking
from tests.made_results import OUTER_COMMIT, make_made_results

RECIPE = "plain/create_savepoint"


def say(show, *arguments, terminal=False):
    out = io.StringIO()
    show(*arguments, Console(file=out, force_terminal=terminal, width=300, color_system=None))
    return out.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_words_causes_and_the_command_come_first(tmp_path, terminal):
    results = make_made_results(tmp_path, facts=leaking() | {"timeline": OUTER_COMMIT})
    text = say(print_asked, results, terminal=terminal)
    assert "▲ 1 leaks" in text and STACK in text and RECIPE in text
    assert "COMMIT reached the server" in text and "Instead: " in text
    assert f'nox -s "stack({STACK})" -- --recipe {RECIPE} --case' in text
    whole = say(lambda console: summarise_run(results, None, None, console), terminal=terminal)
    assert whole.index("▲ 1 leaks") < whole.index("1 cause explains")


def test_many_recipes_are_a_matrix_and_are_not_told_one_by_one(tmp_path):
    results = make_made_results(tmp_path, facts=leaking())
    cells = results["cells"][STACK]
    cells |= {f"plain/other{number}": cells[RECIPE] for number in range(FEW)}
    assert say(print_asked, results) == ""


def test_cells_that_nobody_reviewed_are_one_line_a_recipe(tmp_path):
    results = make_made_results(tmp_path, state="drift")
    sides = {"expected": None, "actual": {"verdict": "leaks", "cause": None}}
    results["drift"] = [{"cell": f"{STACK}/{RECIPE}/case{number}", "change": "new", **sides, "fails": True} for number in range(644)]
    text = say(lambda console: summarise_run(results, None, None, console))
    assert f"new: 644 cells of {RECIPE}, not reviewed; `nox -s accept`" in text
    assert text.count("case1") == 0


def word(word, common, limit, cost):
    return {"word": word, "number": common or limit, "lost": {"essential": 0, "common": common, "limit": limit}, "cost": cost}


def test_better_is_of_the_same_family_and_really_better():
    words = {"plain/mine": word("isolates, with limits", 3, 9, 2.0), "plain/good": word("isolates", 0, 9, 1.5), "flask/best": word("isolates", 0, 0, 1.0)}
    assert find_better(words, "plain/mine") == "plain/good"
    assert find_better(words, "plain/good") is None
    assert find_better({**words, "plain/alike": words["plain/good"]}, "plain/good") is None
    assert find_better({"plain/mine": words["plain/mine"], "plain/bad": word("leaks", 0, 0, 1.0)}, "plain/mine") is None
    assert find_better({"plain/mine": word("leaks", 1, 0, 1.0), "plain/good": words["plain/good"]}, "plain/mine") == "plain/good"
