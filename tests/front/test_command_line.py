"""The command line: what was typed wrongly is said clearly, the rest reaches the right place."""

from dataclasses import replace

import pytest

import matrix.run.reproduce
import matrix.run.shell
import matrix.run.workflow
from matrix.__main__ import main
from matrix.plan.selection import Selection
from matrix.run.workflow import Options

STACK = "sa20-psycopg2-postgresql18"
CELL = ["--recipe", "plain/create_savepoint", "--case", "commit_twice"]


@pytest.fixture
def calls(monkeypatch):
    """What was called, with what, instead of really running; each call answers 7."""
    made = []

    def record(name):
        return lambda *arguments, **options: made.append((name, arguments, options)) or 7

    monkeypatch.setattr(matrix.run.workflow, "run_matrix", record("run"))
    monkeypatch.setattr(matrix.run.reproduce, "reproduce_cells", record("reproduce"))
    monkeypatch.setattr(matrix.run.shell, "open_shell", record("shell"))
    return made


def test_run_passes_selection_and_options(calls):
    arguments = ["--stack", "sa20*", "--stack", "sa21*", *CELL, "--jobs", "3", "--servers", "local,embedded", "--order", "reversed"]
    assert main(["run", *arguments]) == 7
    selection = Selection(("sa20*", "sa21*"), ("plain/create_savepoint",), ("commit_twice",), every=False)
    assert calls == [("run", (selection, Options(3, ("local", "embedded"), "reversed", known=True)), {})]


@pytest.mark.parametrize(
    ("typed", "name", "keeping"),
    [([], "core", {}), (["--all"], "all", {}), (["--fresh"], "core", {"fresh": True}), (["--no-sample"], "core", {"sample": False})],
)
def test_run_without_a_choice_is_the_core(calls, typed, name, keeping):
    assert main(["run", *typed]) == 7
    ((_, (selection, options), _),) = calls
    assert selection.name == name
    assert options == replace(options, **({"fresh": False, "sample": True} | keeping))


def test_why_runs_nothing(calls, capsys):
    cell = f"{STACK}/plain/create_savepoint/no_such_case"
    assert main(["run", "--why", cell]) == 2
    assert "no case matches 'no_such_case'" in capsys.readouterr().err
    assert main(["run", "--why", "commit_twice"]) == 2
    assert "is no cell; expected <stack>/<family>/<recipe>/<case>" in capsys.readouterr().err
    assert calls == []


def test_one_stack_without_filters_runs_as_the_matrix_does(calls):
    assert main(["stack", STACK]) == 7
    assert [(name, arguments[0]) for name, arguments, _ in calls] == [("run", Selection((STACK,)))]


def test_one_recipe_and_one_case_are_reproduced(calls):
    assert main(["stack", STACK, *CELL, "--servers", "embedded"]) == 7
    ((name, (stack, recipes, cases, ways), _),) = calls
    assert (name, stack.id, ways) == ("reproduce", STACK, ("embedded",))
    assert ([recipe.id for recipe in recipes], [case.id for case in cases]) == (["plain/create_savepoint"], ["commit_twice"])


@pytest.mark.parametrize("filters", [["--recipe", "plain/*", "--case", "commit_twice"], ["--recipe", "plain/create_savepoint"], ["--case", "commit_twice"]])
def test_several_cells_run_as_the_matrix_does(calls, filters):
    assert main(["stack", STACK, *filters]) == 7
    assert [name for name, *_ in calls] == ["run"]


def test_shell_opens_a_shell(calls):
    assert main(["stack", STACK, "--shell"]) == 7
    assert [(name, arguments[0].id) for name, arguments, _ in calls] == [("shell", STACK)]


@pytest.mark.parametrize("command", [["list"], ["run", "--list"]])
def test_list_shows_what_would_run_and_runs_nothing(calls, capsys, command):
    assert main([*command, "--stack", STACK, "--recipe", "plain/create_savepoint", "--case", "commit_*"]) == 0
    shown = capsys.readouterr().out
    assert f"{STACK}: SQLAlchemy 2.0, psycopg2-binary, PostgreSQL 18, Python 3.11\n" in shown
    assert "1 recipes: plain/create_savepoint\n" in shown
    assert "commit_twice" in shown
    assert calls == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--stack", "sa22*"], "error: no stack matches 'sa22*'; did you mean 'sa2"),
        (["list", "--recipe", "create_savepoint"], "did you mean 'plain/create_savepoint'?"),
        (["stack", STACK, "--case", "commit_twise"], "error: no case matches 'commit_twise'; did you mean 'commit_twice'?"),
        (["stack", "sa20-psycopg2-postgresql99"], "no stack matches 'sa20-psycopg2-postgresql99'; did you mean 'sa20-psycopg2-postgresql1"),
        (["stack", "sa20-*"], "no stack is called 'sa20-*'"),
        (["lock", "examinar"], "no lock matches 'examinar'; did you mean 'examiner'?"),
    ],
)
def test_a_wrong_selector_is_a_clear_error(calls, capsys, arguments, message):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert "Traceback" not in shown.err
    assert calls == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--stak", "sa20*"], "unrecognized arguments: --stak"),
        (["run", "--jobs", "0"], "'0' is not a number of stacks, expected 1 or more"),
        (["run", "--jobs", "many"], "'many' is not a number of stacks"),
        (["run", "--servers", "embeded"], "there is no way 'embeded' to get a server, expected some of url, container, local, embedded"),
        (["run", "--order", "random"], "invalid choice: 'random'"),
        (["runn"], "invalid choice: 'runn'"),
        ([], "required: command"),
    ],
)
def test_a_wrong_argument_is_a_clear_error(calls, capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
    assert calls == []
