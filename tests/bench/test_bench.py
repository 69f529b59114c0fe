"""The benchmark: what it measures is what it says, and what is typed wrongly is refused before anything starts."""

import io
import os
import subprocess
import sys
import textwrap

import pytest
from rich.console import Console

from matrix.__main__ import main, make_parser
from matrix.bench import report, runs
from matrix.bench.by_hand import HandRun, read_times
from matrix.bench.cell import PAIRS
from matrix.bench.cells import RECIPES, STACKS, plan_cells
from matrix.bench.checkout import REMARK, Checkout
from matrix.bench.comparison import OurRun, Pair, StackCost, describe_costs, describe_run, draw_costs, find_ratio
from matrix.bench.own_time import HUNG
from matrix.bench.runs import RunCost, draw_runs, time_command
from matrix.keeping.inputs import hash_cases
from matrix.plan.contents import ROOT, find_cases, find_recipes
from matrix.plan.rows import load_stacks
from matrix.plan.selection import Selection, SelectionError, make_plan


def run_pytest(folder, text, limit_s=30.0):
    """Run a module of tests with the plugin; returns what it left, and pytest's exit code."""
    module, times = folder / "test_it.py", folder / "times"
    module.write_text(textwrap.dedent(text))
    variables = os.environ | {"PYTHONPATH": str(ROOT), "MATRIX_BENCH_TIMES": str(times), "MATRIX_BENCH_LIMIT": str(limit_s)}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "matrix.bench.own_time", str(module)], cwd=folder, env=variables, capture_output=True)
    return read_times(times, whole_s=10.0), done.returncode


def test_own_time_is_that_of_the_tests_and_no_start_up(tmp_path):
    """Imports and collection are start-up; fixtures, wider ones too, are the tests' own."""
    text = """
        import time
        import pytest

        time.sleep(1.5)

        @pytest.fixture(scope="session")
        def engine():
            time.sleep(0.2)
            yield
            time.sleep(0.2)

        def test_first(engine):
            time.sleep(0.1)

        def test_second(engine):
            assert not time.sleep(0.1)
    """
    found, code = run_pytest(tmp_path, text)
    assert (code, found.cells, found.unended) == (0, 2, frozenset())
    assert 0.6 <= found.own_s < 1.5
    assert found.start_s == pytest.approx(10.0 - found.own_s)
    assert found.reports_s < 0.1


def test_what_failures_cost_to_put_into_words_is_told_apart(tmp_path):
    text = """
        import time

        class Slow(Exception):
            def __str__(self):
                time.sleep(0.2)
                return "slow"

        def test_failing():
            raise Slow
    """
    found, code = run_pytest(tmp_path, text)
    assert (code, found.cells) == (1, 1)
    assert 0.2 <= found.reports_s <= found.own_s


def test_what_hangs_ends_its_process_and_is_named(tmp_path):
    text = """
        import time

        def test_quick():
            pass

        def test_hanging():
            time.sleep(60)

        def test_behind():
            pass
    """
    found, code = run_pytest(tmp_path, text, limit_s=0.5)
    assert (code, found.cells, found.unended) == (HUNG, 1, frozenset({"hanging"}))


def make_pair(ours_s, own_s, start_s=4.0, ours_start_s=1.0, reports_s=0.0):
    return Pair(OurRun(10, ours_s, ours_start_s), HandRun(10, own_s + start_s, own_s, reports_s))


@pytest.fixture
def costs():
    """The machine slows down from pair to pair, for both sides; one stack is dearer than the others."""
    cheap = tuple(make_pair(6.0 * slow, 5.0 * slow, reports_s=1.0 * slow) for slow in (1, 2, 3))
    dear = tuple(make_pair(12.0 * slow, 5.0 * slow) for slow in (1, 2, 3))
    return [StackCost("cheap", cheap), StackCost("another", cheap), StackCost("dear", dear)]


def test_ratios_are_those_of_pairs(costs):
    pair = make_pair(6.0, 5.0, reports_s=1.0)
    assert (pair.own_ratio, pair.warm_ratio, pair.silent_ratio) == pytest.approx((1.2, 1.0, 1.5))
    assert pair.whole_ratio == pytest.approx(6 / 9)
    assert costs[0].own_s == 10.0
    assert costs[2].find_median(lambda pair: pair.own_ratio) == pytest.approx(2.4)
    assert find_ratio(costs, lambda pair: pair.own_ratio) == pytest.approx(1.2)


def draw(table):
    console = Console(file=io.StringIO(), width=report.WIDTH)
    console.print(table)
    return console.file.getvalue()


def test_table_has_a_row_for_every_stack_and_the_medians(costs):
    lines = [line.split() for line in draw(draw_costs(costs)).splitlines()]
    assert ["dear", "10", "10.00", "0.00", "4.00", "24.00", "1.00", "2.40", "2.30", "2.40", "1.71"] in lines
    assert ["median", "1.20", "1.10", "1.50", "0.86"] in lines
    assert describe_costs(costs) == "median over 3 stacks: 1.20 times the tests' own time (aim 1.3, at most 1.6), 0.86 times the whole by hand"
    assert describe_run(costs, 30.0, 2).endswith("30.0 s; the tests' own time of all divided by 2: 15.0 s; ratio 2.00")


def test_longest_ids_fit_the_table(costs):
    longest = max(load_stacks(), key=len)
    assert f" {longest} " in draw(draw_costs([StackCost(longest, costs[0].pairs)]))


@pytest.mark.parametrize(("factor", "kept"), [(1.59, True), (1.61, False)])
def test_median_over_the_stacks_decides(monkeypatch, capsys, factor, kept):
    found = report.cells.CellsResult([StackCost("one", (make_pair(5.0 * factor, 5.0),))], 10.0, ["hanging_case"])
    monkeypatch.setattr(report.cells, "compare_cells", lambda plan, options, pairs, saying: found)
    assert report.run_benchmark(report.BenchOptions(2, ("embedded",), part="cells")) == (0 if kept else 1)
    assert "they do not end by hand: hanging_case" in capsys.readouterr().out


def test_what_is_measured_exists_and_covers_what_is_promised():
    plan = plan_cells((), ())
    assert [stack.id for stack in plan.stacks] == [stack for stack in load_stacks() if stack in STACKS]
    assert len(plan.stacks) >= 6
    assert {stack.database.product for stack in plan.stacks} == {"postgresql", "mysql", "mariadb"}
    assert {(stack.database.kind, stack.asynchronous) for stack in plan.stacks} == {(kind, way) for kind in ("postgresql", "mysql") for way in (False, True)}
    assert {recipe.id for recipe in plan.recipes} == set(RECIPES)
    assert all(len(plan.list_recipes(stack)) >= 4 for stack in plan.stacks)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--part", "everything"], "invalid choice: 'everything'"),
        (["--pairs", "0"], "'0' is not a number of pairs"),
        (["--part", "cells", "--all"], "--all is for whole runs"),
        (["--all"], "it needs --part runs"),
        (["--part", "cells", "--stack", "sa20-nothing"], "no stack matches 'sa20-nothing'"),
        (["--part", "cells", "--stack", "*-litestar"], "none of the recipes is there for"),
    ],
)
def test_what_is_typed_wrongly_is_refused(capsys, arguments, words):
    try:
        code = main(["bench", *arguments])
    except SystemExit as error:  # argparse's own
        code = error.code
    assert code == 2
    assert words in capsys.readouterr().err


def test_command_line_and_parts_agree():
    options = make_parser().parse_args(["bench"])
    assert (options.pairs, options.part, options.all) == (PAIRS, None, False)
    for part in report.PARTS:
        assert make_parser().parse_args(["bench", "--part", part]).part == part


# whole runs


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("checkout"))


def test_copy_is_a_checkout_without_results(checkout):
    listed, code = time_listing(checkout)
    assert code == 0
    assert listed > 0
    assert not checkout.data.exists()
    assert (checkout.folder / "reports" / "page" / "templates").is_dir() == (ROOT / "reports" / "page" / "templates").is_dir()


def time_listing(checkout):
    return time_command(checkout.folder, "-m", "matrix", "list", "--stack", "sa20-psycopg2-postgresql18")


def test_command_that_fails_otherwise_than_a_run_is_told(checkout):
    with pytest.raises(RuntimeError, match="no stack matches"):
        time_command(checkout.folder, "-m", "matrix", "list", "--stack", "nothing")


@pytest.mark.parametrize("case", ["commit_twice", "rollback_only", "conflict_then_retry"])
def test_edit_of_a_case_is_one_of_that_case_alone(checkout, case):
    before = hash_cases(checkout.folder / "cases")
    checkout.edit_case(find_cases()[case].theme, case)
    after = hash_cases(checkout.folder / "cases")
    assert [name for name in before if before[name] != after[name]] == [case]
    assert before.keys() == after.keys()


def test_edits_are_remarks(checkout):
    stack = load_stacks()["sa20-psycopg2-postgresql18"]
    checkout.edit_recipe("plain/truncate")
    checkout.edit_lock(stack)
    for path in ("fixtures/plain/truncate.py", f"matrix/locks/{stack.id}.txt"):
        assert (checkout.folder / path).read_text() == (ROOT / path).read_text() + f"{REMARK}\n"


def test_cells_that_an_edit_touches_are_counted(checkout):
    checkout.data.mkdir(parents=True)
    cells = [("plain/truncate", "a"), ("plain/truncate", "b"), ("plain/join_default", "a")]
    lines = ['{"kind":"header"}', *(f'{{"kind":"cell","pass":"first","recipe":"{recipe}","case":"{case}","key":"x"}}' for recipe, case in cells)]
    lines.append('{"kind":"cell","pass":"confirmation","recipe":"plain/truncate","case":"a","key":"x"}')
    for stack in ("one", "two"):
        (checkout.data / f"{stack}.jsonl").write_text("\n".join(lines))
    counts = [checkout.count_cells(recipe="plain/truncate"), checkout.count_cells(case="a"), checkout.count_cells(stack="one"), checkout.count_cells()]
    assert counts == [4, 4, 3, 6]


def test_what_is_edited_is_part_of_the_runs():
    core = runs.choose_edits(make_plan(Selection(every=False)))
    assert (core.recipe.id, core.case.id, core.stack.id) == (runs.RECIPE, runs.CASE, runs.STACK)
    narrow = runs.choose_edits(make_plan(Selection(("*-litestar",), ())))
    assert narrow.recipe.family == "litestar"
    assert narrow.stack.id.endswith("-litestar")


def test_selection_is_typed_as_it_was():
    assert runs.list_globs(Selection(("a", "b"), ("plain/*",))) == ["--stack", "a", "--stack", "b", "--recipe", "plain/*"]
    assert runs.list_globs(Selection(every=False)) == []
    assert runs.list_globs(Selection()) == ["--all"]


def test_table_of_runs_says_what_ran_of_what_an_edit_touched():
    costs = [RunCost("nothing kept", 100.0, 20.0, 500, 0, None, 0), RunCost("recipe plain/truncate edited", 5.0, 3.0, 46, 454, 46, 1)]
    lines = [line.split() for line in draw(draw_runs(costs, "core")).splitlines()]
    assert ["nothing", "kept", "120.0", "20.0", "500", "0", "0"] in lines
    assert ["recipe", "plain/truncate", "edited", "8.0", "3.0", "46", "454", "46", "1.00", "1"] in lines


def test_a_stack_without_a_recipe_is_refused():
    with pytest.raises(SelectionError, match="--recipe"):
        plan_cells(("sa20-asyncpg-postgresql18-litestar",), ())
    assert find_recipes().keys() >= set(RECIPES)
