"""What production answers: `real_commits` of a contract, asked once per stack, for all recipes of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

from matrix.explore.operations import Program
from matrix.explore.outcome import Outcome
from matrix.explore.process import ProgramPlayer
from matrix.plan.contents import Recipe

Open = Callable[[Recipe, bool], ProgramPlayer]


class Oracle:
    """Answers of production by program; what it does not answer the same way twice counts for nothing."""

    def __init__(self, control: Recipe, open_player: Open) -> None:
        self.control = control
        self.unsteady: set[Program] = set()
        self._open = open_player
        self._opened = ExitStack()
        self._player: ProgramPlayer | None = None
        self._answers: dict[Program, Outcome | None] = {}

    def ask(self, programs: Iterable[Program], on_program: Callable[[], None] = lambda: None, twice: bool = True) -> None:
        """Have production play what it has not played yet; twice: the second time in reversed order and in other children."""
        unknown = [program for program in dict.fromkeys(programs) if program not in self._answers]
        first = self._play(unknown, on_program)
        second = self._play(unknown[::-1], on_program) if twice else first
        for program in unknown:
            agrees = first[program] == second[program] and is_answer(first[program])
            self._answers[program] = first[program] if agrees else None
            if twice and not agrees:
                self.unsteady.add(program)

    def answer(self, program: Program) -> Outcome | None:
        """Return what the program came to in production, None when it does not agree with itself."""
        return self._answers[program]

    def close(self) -> None:
        """End production's process."""
        self._opened.close()

    def _play(self, programs: Sequence[Program], on_program: Callable[[], None]) -> dict[Program, Outcome]:
        """Play programs in children of their own: the database is the original one when it returns."""
        outcomes: dict[Program, Outcome] = {}
        if not programs:
            return outcomes
        if self._player is None:
            self._player = self._opened.enter_context(self._open(self.control, False))
        for program in programs:
            outcomes[program] = self._player.play(program)
            on_program()
        self._player.retire()
        return outcomes


def is_answer(outcome: Outcome) -> bool:
    """Say whether production came to an end; that closing its session raises is an outcome like any other."""
    return outcome.saw is not None and outcome.ended == "finished"
