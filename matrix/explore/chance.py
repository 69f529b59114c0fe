"""Random longer programs, made by Hypothesis: the same seed gives the same programs.

Swarm: each program leaves out operations of its own choice, since what some operations always undo is only seen without
them (Groce and others, "Swarm Testing", ISSTA 2012). A program is made whole from plain numbers: each picks one of the
operations that are legal at its place, so whatever Hypothesis makes shorter or smaller is a program again.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from matrix.ending.stop import hold
from matrix.explore.enumeration import is_redundant
from matrix.explore.operations import ALL, Program, State, advance, is_legal

SHORTEST, LONGEST = 5, 12
SWARM = 14  # of all operations, at least so many are there
ROUNDS = 20  # of Hypothesis, each with a seed of its own, until there are enough


def make_random_programs(number: int, start: int, longer_than: int) -> list[Program]:
    """Return so many different programs of more than `longer_than` steps; `start` is the seed."""
    found: dict[Program, None] = {}
    for turn in range(ROUNDS):
        if len(found) >= number:
            break
        for program in draw_programs(2 * number, start + turn):
            if len(program) > longer_than and not is_redundant(program):
                found.setdefault(program)
    return list(found)[:number]


def draw_programs(number: int, start: int) -> list[Program]:
    """Return what Hypothesis generates in one round."""
    drawn: list[Program] = []

    @seed(start)
    @settings(max_examples=number, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(swarms(), choices())
    def draw(kept: Sequence[str], numbers: Sequence[int]) -> None:
        drawn.append(make_program(kept, numbers))

    with hold():  # Hypothesis listens to the garbage collector, where an exception is swallowed with a traceback
        draw()
    return drawn


def swarms() -> st.SearchStrategy[tuple[str, ...]]:
    """Return the strategy of which operations a program may have."""
    return st.permutations(ALL).flatmap(lambda order: st.integers(SWARM // 2, len(ALL)).map(lambda size: tuple(order[:size])))


def choices() -> st.SearchStrategy[list[int]]:
    """Return the strategy of which operation each step picks."""
    return st.lists(st.integers(0, 2**16), min_size=SHORTEST, max_size=LONGEST)


def make_program(kept: Sequence[str], numbers: Sequence[int]) -> Program:
    """Return the program that the numbers pick from the operations: total, for any numbers."""
    program: list[str] = []
    state = State()
    for number in numbers:
        legal = [operation for operation in ALL if operation in kept and is_legal(state, operation)]
        if legal:
            program.append(legal[number % len(legal)])
            state = advance(state, program[-1])
    return tuple(program)
