"""The command line of the machine: `python -m matrix <command>`; nox calls it, so can you."""

from __future__ import annotations

from matrix.ending.command import begin, conclude

if __name__ == "__main__":
    begin()  # before the other imports: a stop is understood at any moment

import argparse
import os
import sys
from collections.abc import Sequence

from matrix.disk import DiskFull
from matrix.environments.building import EnvironmentFailed, EnvironmentMissing
from matrix.environments.interpreters import UvMissing
from matrix.plan.contents import ContentError
from matrix.plan.headers import HeaderError
from matrix.plan.rows import RowError, load_stacks
from matrix.plan.selection import ORDERS, Selection, SelectionError, make_plan, select
from matrix.servers import WAYS, ServerUnavailable

REPORTED = "what was found until then is reported"
KEPT = "what was started has ended, what was recorded is kept, and the next run goes on from it"
EXPECTED = (ContentError, EnvironmentFailed, EnvironmentMissing, HeaderError, RowError, SelectionError, ServerUnavailable, UvMissing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 2 for what was typed or written wrongly, 1 also for a full disk."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    parsed, behind = split_arguments(typed)
    options = make_parser().parse_args(parsed)
    options.arguments = behind
    try:
        code: int = options.command(options)
        return code
    except EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except DiskFull as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def split_arguments(typed: list[str]) -> tuple[list[str], list[str]]:
    """Return what is ours, and behind a `--` what is pytest's (`audit` alone has that)."""
    place = typed.index("--") if typed[:1] == ["audit"] and "--" in typed else len(typed)
    return typed[:place], typed[place + 1 :]


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m matrix", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="command")

    run = _add(commands, "run", run_command, "run the matrix, or the part of it that is selected")
    _add_globs(run, "stack", "recipe", "case")
    _add_all(run)
    _add_run(run)
    _add_keeping(run)
    listing = _add(commands, "list", list_command, "show what would run")
    _add_globs(listing, "stack", "recipe", "case")
    _add_all(listing)

    stack = _add(commands, "stack", stack_command, "run one stack; with one recipe and one case, reproduce that cell")
    stack.add_argument("stack", help="the id of the stack")
    _add_globs(stack, "recipe", "case")
    _add_run(stack)
    _add_keeping(stack)
    stack.add_argument("--shell", action="store_true", help="open a shell in the stack's environment, with its server up")

    paste = _add(commands, "paste", paste_command, "prove that recipes mean the same when pasted as a project's conftest.py")
    _add_globs(paste, "stack", "recipe", "case")
    _add_jobs(paste)
    paste.add_argument("--complete", action="store_true", help="prove instead that complete files run: with plain pytest, in a user's projects")

    bite = _add(commands, "bite", bite_command, "prove that each case catches a fixture with a bug")
    _add_globs(bite, "mutant", "case")
    _add_jobs(bite)

    explore = _add(commands, "explore", explore_command, "run all short programs and random long ones under recipes, and say why some differ from production")
    _add_globs(explore, "stack", "recipe")
    _add_jobs(explore)
    _add_explore(explore)

    lock = _add(commands, "lock", lock_command, "resolve the locks again: all, or those that match")
    lock.add_argument("lock", nargs="*", metavar="GLOB", help="names of locks: ids of stacks, or examiner, tests, lint, build")
    lock.add_argument("--check", action="store_true", help="only say which locks do not belong to their row")
    bench = _add(commands, "bench", bench_command, "measure what the instrument costs, against the same work by hand")
    _add_globs(bench, "stack", "recipe")
    _add_jobs(bench)
    _add_bench(bench)
    sizes = _add(commands, "sizes", sizes_command, "measure what a test costs with more tables, seed rows and connections, and keep it")
    _add_globs(sizes, "stack", "recipe")
    _add_jobs(sizes)
    _add_audit(_add(commands, "audit", audit_command, "watch the suite of a project of yours and say which tests leave something behind"))
    environments = _add(commands, "environments", environments_command, "build the environments into the cache")
    _add_globs(environments, "stack")
    return parser


def run_command(options: argparse.Namespace) -> int:
    """Run what is selected, in parallel, and grade it."""
    if options.list:
        return list_command(options)
    from matrix.run.workflow import Options, run_matrix

    if options.why:
        return why_command(options)
    how = Options(options.jobs, options.servers, options.order, known=True, fresh=options.fresh, sample=not options.no_sample, inside=options.inside)
    return run_matrix(_read_selection(options), how)


def why_command(options: argparse.Namespace) -> int:
    """Say whether a cell would be kept, and if not, which part of its key differs; runs nothing."""
    from matrix.run.why import explain_cell
    from matrix.run.workflow import DATA

    print("\n".join(explain_cell(options.why, DATA, options.servers, options.order)))
    return 0


def list_command(options: argparse.Namespace) -> int:
    """Show what would run, without running anything."""
    from matrix.plan.listing import show_plan

    show_plan(make_plan(_read_selection(options)))
    return 0


def stack_command(options: argparse.Namespace) -> int:
    """Run one stack, reproduce one cell of it, or open a shell in it."""
    stacks = load_stacks()
    select(stacks, [options.stack], "stack")
    if options.stack not in stacks:
        raise SelectionError(f"no stack is called {options.stack!r}; the name of one is needed here, for globs there is `run --stack`")
    stack = stacks[options.stack]
    if options.shell:
        from matrix.run.shell import open_shell

        return open_shell(stack, options.servers)
    plan = make_plan(_read_selection(options))
    if options.recipe and options.case and len(plan.recipes) == len(plan.cases) == 1 and not options.list:
        from matrix.run.reproduce import reproduce_cells

        return reproduce_cells(stack, plan.recipes, plan.cases, options.servers)
    return run_command(options)


def paste_command(options: argparse.Namespace) -> int:
    """Run recipes as modules and pasted, and compare the verdicts; or their complete files, in projects of a user's kind."""
    if options.complete:
        from matrix.pasting.proof import prove_complete

        return prove_complete(_read_selection(options), options.servers)
    from matrix.paste import prove_pasting

    return prove_pasting(_read_selection(options), options.jobs, options.servers)


def bite_command(options: argparse.Namespace) -> int:
    """Run all cases against all mutants and say which case catches which."""
    from matrix.bite.report import prove_bite

    return prove_bite(options.mutant, options.case, options.jobs, options.servers)


def explore_command(options: argparse.Namespace) -> int:
    """Explore recipes by programs; matrix/explore/workflow.py says what the exit code means."""
    from matrix.explore.operations import ProgramError, parse_program
    from matrix.explore.workflow import ExploreOptions, explore

    try:
        programs = tuple(map(parse_program, options.program))
    except ProgramError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    how = ExploreOptions(options.jobs, options.servers, options.depth, options.random, options.seed, programs)
    return explore(Selection(tuple(options.stack), tuple(options.recipe), every=bool(options.stack or options.recipe)), how)


def lock_command(options: argparse.Namespace) -> int:
    """Write the locks, or only say which are stale."""
    from matrix.environments.locking import find_stale, list_locks, write_lock

    locks = select({lock.name: lock for lock in list_locks()}, options.lock, "lock")
    if options.check:
        stale = find_stale(list_locks())
        for name, reason in stale.items():
            print(f"matrix/locks/{name}.txt {reason}; run `nox -s lock`")
        return 1 if stale else 0
    for lock in locks:
        print(f"{lock.name}: {'changed' if write_lock(lock) else 'as before'}")
    return 0


def bench_command(options: argparse.Namespace) -> int:
    """Measure cells, whole runs, and both against the same by hand."""
    from matrix.bench.report import BenchOptions, run_benchmark

    stacks, recipes = tuple(options.stack), tuple(options.recipe)
    return run_benchmark(BenchOptions(options.jobs, options.servers, options.part, stacks, recipes, options.pairs, options.all))


def sizes_command(options: argparse.Namespace) -> int:
    """Measure recipes at two sizes of what they work with; one after the other, for they would disturb each other."""
    from matrix.bench.sizes import run_sizes

    return run_sizes(options.stack, options.recipe, options.servers)


def audit_command(options: argparse.Namespace) -> int:
    """Watch a user's own suite from outside."""
    from matrix.audit.command import audit, make_request

    return audit(make_request(options))


def environments_command(options: argparse.Namespace) -> int:
    """Build the environments of the selected stacks; what is missing does not stop the others."""
    from matrix.plan.listing import show_environments

    return show_environments(select(load_stacks(), options.stack, "stack"))


def _add(commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, command: object, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(command=command)
    return parser


def _add_globs(parser: argparse.ArgumentParser, *kinds: str) -> None:
    examples = {"stack": "'sa20*'", "recipe": "'plain/*'", "case": "'commit*'", "mutant": "'*savepoint*'"}
    for kind in kinds:
        parser.add_argument(f"--{kind}", action="append", default=[], metavar="GLOB", help=f"only these {kind}s, {examples[kind]} say; may be repeated")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=_read_jobs, default=os.cpu_count() or 1, metavar="N", help="stacks at a time (default: one per core, %(default)s)")
    parser.add_argument("--servers", type=_read_ways, default=WAYS, metavar="WAYS", help=f"ways to get a server, in order, of: {','.join(WAYS)} (default: all)")


def _add_run(parser: argparse.ArgumentParser) -> None:
    _add_jobs(parser)
    parser.add_argument("--order", choices=ORDERS, default=ORDERS[0], help="order of recipes and cases (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="show what would run, without running")


def _add_all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="every row and case; without it, and without a choice, the core runs")


def _add_keeping(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fresh", action="store_true", help="run everything, whatever earlier runs left on disk")
    parser.add_argument("--inside", action="store_true", help="look at every clean cell from inside as well: each runs twice more, nothing repaired in between")
    parser.add_argument("--no-sample", action="store_true", help="do not run a fiftieth of what is kept all the same")
    parser.add_argument("--why", metavar="CELL", help="say whether <stack>/<family>/<recipe>/<case> would be kept, and if not, why; runs nothing")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="the folder in which pytest is run")
    parser.add_argument("--server", metavar="ID", help="start a throw-away server for the run; without it the project uses what it uses, and it is only read")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable for the project: {url}, {driver_url}, {host}, {port}, {user}, {password}, {database}",
    )
    parser.add_argument("--before", action="append", default=[], metavar="COMMAND", help="run first, in the project's folder: migrations, say")
    parser.add_argument("--python", metavar="PATH", help="the project's interpreter (default: .venv, venv, the active environment)")
    parser.add_argument("--expect", action="append", default=[], metavar="'TABLE: REASON'", help="residue in this table is known and told apart")
    parser.add_argument("--hide", action="append", default=[], metavar="COLUMN", help="never show the contents of rows that have such a column")
    parser.add_argument("--no-values", action="store_true", help="show no contents of rows at all")
    parser.add_argument("--no-confirm", action="store_true", help="do not run culprits and victims once more")
    parser.add_argument("--fixture", metavar="NAME", help="the fixture to examine, when several give a session, a factory of them, an extension or a client")
    parser.add_argument(
        "--programs",
        type=_read_depth,
        nargs="?",
        const=3,
        metavar="DEPTH",
        help="play all programs of up to DEPTH steps (3) and 200 longer ones through the fixture as well",
    )
    parser.add_argument("--no-watch", action="store_true", help="do not watch the suite, only examine its fixture")
    parser.add_argument("--no-examine", action="store_true", help="do not examine the fixture, only watch the suite")
    parser.add_argument("--output", default="audit", metavar="DIR", help="where the page and its files go (default: %(default)s)")
    parser.epilog = "Arguments after -- are pytest's."


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parts = "cells (against plain pytest), runs (cold, again, after edits) or hand (one cell, and stacks by hand); default: all"
    parser.add_argument("--part", choices=("cells", "runs", "hand"), help=f"measure one part alone: {parts}")
    parser.add_argument("--pairs", type=_read_pairs, default=5, metavar="N", help="how often each side is measured, in turn (default: %(default)s)")
    parser.add_argument("--all", action="store_true", help="with --part runs: runs of every row and case as well, which takes half an hour")


def _add_explore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--depth", type=_read_depth, default=3, metavar="N", help="all programs of up to N steps (default: %(default)s)")
    parser.add_argument("--random", type=_read_any, default=200, metavar="N", help="and N random longer ones (default: %(default)s)")
    parser.add_argument("--seed", type=_read_any, default=1, metavar="N", help="of the random ones (default: %(default)s)")
    parser.add_argument("--program", action="append", default=[], metavar="STEPS", help="this program instead, 'flush commit read' say; may be repeated")


def _read_depth(text: str) -> int:
    return _read_number(text, "steps")


def _read_any(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, expected 0 or more")
    return int(text)


def _read_jobs(text: str) -> int:
    return _read_number(text, "stacks")


def _read_pairs(text: str) -> int:
    return _read_number(text, "pairs")


def _read_number(text: str, of: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of {of}, expected 1 or more")
    return int(text)


def _read_ways(text: str) -> tuple[str, ...]:
    ways = tuple(text.split(","))
    unknown = [way for way in ways if way not in WAYS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no way {unknown[0]!r} to get a server, expected some of {', '.join(WAYS)}")
    return ways


def _read_selection(options: argparse.Namespace) -> Selection:
    stacks = [options.stack] if isinstance(options.stack, str) else options.stack
    return Selection(tuple(stacks), tuple(options.recipe), tuple(options.case), every=getattr(options, "all", True))


if __name__ == "__main__":
    sys.exit(conclude(main, REPORTED if sys.argv[1:2] == ["audit"] else KEPT))
