"""All programs up to a depth, short ones first, without those that a kept one tells already.

Redundant programs are left out by these rules and no others; tests/explore runs what they leave out and shows that
it differs from production where the kept program does, and nowhere else:

1. A `read` directly after a `read` of the same reader answers the same.
2. `add` directly before an operation that flushes first (commit, nested, release, read, flush, duplicate, change,
   delete) is `flush` there: the row reaches the connection at the same moment. The program with `flush` is kept.
3. After a refused duplicate the session refuses everything until it is rolled back: of what it refuses only `read`
   and `commit` are kept, and of those only one.
4. `close` directly after `close` finds nothing to close.

The basic alphabet is enumerated up to the depth; the further one, which holds the basic one, two steps less deep,
and the core one, of which a leak by two transactions is made, two steps deeper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matrix.explore.operations import ALL, BASIC, Program, State, advance, find_illegal, is_legal

FLUSHES_FIRST = frozenset({"commit", "nested", "release", "read", "flush", "duplicate", "change", "delete"})
READS = frozenset({"read", "other-read", "engine-read", "parallel-read"})
REFUSED = ("duplicate",)  # until one of these
MENDS = frozenset({"rollback", "undo", "close", "next"})
ASKS_AGAIN = frozenset({"read", "commit"})
LESS_DEEP = 2
#: what decides most words; with these alone two steps more are few programs
CORE = ("flush", "commit", "rollback")
DEEPER = 2


def enumerate_programs(depth: int, further: int | None = None) -> list[Program]:
    """Return every program of the basic alphabet up to `depth`, then those of the further one up to `further` (depth - 2)."""
    further = max(1, depth - LESS_DEEP) if further is None else further
    basic = list(list_programs(BASIC, depth))
    known = set(basic)
    return basic + [program for program in list_programs(ALL, further) if program not in known]


def enumerate_deeper(depth: int) -> list[Program]:
    """Return the programs of the core alphabet that have more than `depth` steps, and two more at most."""
    return [program for program in list_programs(CORE, depth + DEEPER) if len(program) > depth]


def list_programs(alphabet: Sequence[str], depth: int) -> Iterator[Program]:
    """Yield every program over an alphabet that no rule leaves out, shorter ones first."""
    level: list[tuple[Program, State]] = [((), State())]
    for _ in range(depth):
        level = [
            ((*program, operation), advance(state, operation))
            for program, state in level
            for operation in alphabet
            if is_legal(state, operation) and not find_rule((*program, operation))
        ]
        yield from (program for program, _ in level)


def find_rule(program: Program) -> int | None:
    """Return the number of the rule by which the last step makes a program redundant, None for one that is kept."""
    last, before = program[-1], program[-2] if len(program) > 1 else ""
    if last in READS and last == before:
        return 1
    if before == "add" and last in FLUSHES_FIRST:
        return 2
    if is_refused(program[:-1]) and last not in MENDS and not is_first_question(program):
        return 3
    return 4 if last == before == "close" else None


def is_refused(program: Program) -> bool:
    """Say whether a duplicate was refused and nothing has mended the session since (`add` alone does not)."""
    for operation in reversed(program):
        if operation in MENDS:
            return False
        if operation in REFUSED:
            return True
    return False


def is_first_question(program: Program) -> bool:
    """Say whether the last step is the first that asks a session which refuses; a second actor may always act."""
    return (program[-1] in ASKS_AGAIN and program[-2] in REFUSED) or "-" in program[-1]


def is_redundant(program: Program) -> bool:
    """Say whether a rule leaves the program out, wherever in it the rule applies."""
    return find_illegal(program) is not None or any(find_rule(program[:end]) for end in range(1, len(program) + 1))
