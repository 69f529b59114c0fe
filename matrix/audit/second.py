"""Part two as it is asked for on the command line: when it is done, how it is told, and what it makes of the exit code."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from matrix.audit.examining import Examined, Subject, examine_fixture
from matrix.audit.learned import NothingToExamine
from matrix.audit.mistakes import AuditFailed, WrongUse
from matrix.facts import JsonObject
from matrix.judging.verdicts import ISOLATES, NOT_APPLICABLE, judge, worst_of
from matrix.plan.contents import LEVELS, find_cases
from matrix.servers import Server
from matrix.supervisor.failures import InstrumentBroken
from matrix.witness import Account

PACE = 5.0  # seconds between two words of progress
NEEDS_SERVER = "cases write, so they run on a throw-away server only: add --server ID and --set NAME={url}"


def check_asked(fixture: str | None, programs: int | None, has_server: bool) -> None:
    """Refuse to examine a fixture on a server that is the user's. Raises WrongUse."""
    asked = f"--fixture {fixture}" if fixture is not None else f"--programs {programs}" if programs is not None else ""
    if asked and not has_server:
        raise WrongUse(f"{asked}: {NEEDS_SERVER}")


def examine_asked(subject: Subject | None, required: bool) -> int:
    """Examine the project's fixture and say what came of it; 0: every essential case holds, 1: one does not, or nothing stayed clean.

    subject: None without a server of ours; required: what keeps it from being done is an error, and not only said.
    """
    if subject is None:
        print(f"fixture: not examined: {NEEDS_SERVER}")
        return 0
    try:
        examined = examine_fixture(subject)
    except InstrumentBroken as error:
        raise AuditFailed(f"the examination of the fixture does not count: {error}") from error
    except NothingToExamine as error:
        if required:
            raise WrongUse(str(error)) from None
        print(f"fixture: not examined: {error}")
        return 0
    except AuditFailed as error:
        if required:
            raise
        print(f"fixture: not examined: {error}")
        return 0
    tell_examined(examined)
    return 1 if loses_essential(examined) else 0


def make_subject(
    project: Path, python: Path, server: Server | None, output: Path, settle: Callable[[Account, Server], dict[str, str]],
    prepare: Callable[[dict[str, str]], None], fixture: str | None, arguments: list[str], cases: tuple[str, ...] = (), depth: int | None = None,
) -> Subject | None:  # fmt: skip
    """Return what is to be examined; None without a server of ours."""
    if server is None:
        return None
    progress = Progress()
    return Subject(project, python, server, output, settle, prepare, fixture, arguments, cases, depth, progress.count_cell, progress.count_program)


def loses_essential(examined: Examined) -> bool:
    """Whether a word of the fixture would be worse than "with limits"."""
    levels = {case.id: case.level for case in find_cases().values()}
    worst = {case: worst_of(judge(first, examined.found.confirmation.get(case))) for case, first in examined.found.first.items()}
    lost = [case for case, verdict in worst.items() if levels[case.partition("[")[0]] == LEVELS[0] and verdict not in (ISOLATES, NOT_APPLICABLE)]
    return bool(lost or examined.found.residue or examined.found.endings)


def tell_examined(examined: Examined) -> None:
    """Say in two lines which fixture was examined and what its cases came to; the report says the rest."""
    verdicts = Counter(judge(first, examined.found.confirmation.get(case)).verdict for case, first in examined.found.first.items())
    counted = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    print(f"fixture {examined.chosen.name} ({examined.chosen.kind.replace('_', ' ')}, {examined.stack.summary}): {sum(verdicts.values())} cases: {counted}")
    for line in say_left_out(examined.left_out.values()):
        print(f"  n/a: {line}")
    if not examined.controlled:
        print("  no control ran: the environment has no pytest-asyncio")
    if examined.programs:
        print(f"  {say_programs(examined.programs)}")


def say_left_out(reasons: Iterable[str]) -> list[str]:
    """Return a line for each reason of several cases, and one for all that are of a single case."""
    counted = Counter(reasons)
    single = [reason for reason, count in counted.items() if count == 1]
    lines = [f"{count} cases: {reason}" for reason, count in counted.items() if count > 1]
    return lines + ([f"1 case each: {'; '.join(single)}"] if single else [])


def say_programs(programs: JsonObject) -> str:
    """Return in a line what programs came to."""
    played = programs["short"] + programs["random"]
    if not programs["differing"]:
        return f"programs: all {played} as without any fixture"
    reasons = len(programs["reasons"])
    return f"programs: {programs['differing']} of {played} differ from production, for {reasons} {'reason' if reasons == 1 else 'reasons'}"


class Progress:
    """A line now and then while cases run, and programs are played."""

    def __init__(self) -> None:
        self._said, self._counted = time.monotonic(), Counter[str]()

    def count_cell(self, cell: JsonObject) -> None:
        """Count a cell, and say how many there were, at most every 5 s."""
        self._count("cases run:")

    def count_program(self) -> None:
        """Count a program that was played, with and without the fixture."""
        self._count("programs played:")

    def _count(self, what: str) -> None:
        self._counted[what] += 1
        if time.monotonic() - self._said >= PACE:
            self._said = time.monotonic()
            print(f"fixture: {what} {self._counted[what]}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
