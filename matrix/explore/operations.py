"""What a program is made of: operations of an application, as plain words, and when each is legal.

A program is a tuple of operations. Whether one may stand somewhere is decided by a small state model alone, never by
what happened when it ran: an error is an outcome, and leaving an operation out never makes the rest depend on luck.
Every value that a program writes is unique within it. matrix/probe/programs.py carries the operations out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

Program = tuple[str, ...]

#: what most applications do, in the order in which programs of one length are listed
BASIC = ("add", "flush", "duplicate", "commit", "rollback", "nested", "release", "undo", "close", "read")
MORE = ("change", "delete", "next")
OTHER = ("other-add", "other-commit", "other-rollback", "other-read")
ENGINE = ("engine-add", "engine-commit", "engine-rollback", "engine-read")
PARALLEL = ("parallel-commit", "parallel-rollback", "parallel-read")
BESIDE = ("raw-commit", "block", "ddl")
FURTHER = MORE + OTHER + ENGINE + PARALLEL + BESIDE
ALL = BASIC + FURTHER

DEEPEST = 2  # savepoints within each other

#: each operation in words, for people
WORDS = {
    "add": "add a row",
    "flush": "add a row and flush",
    "duplicate": "add a row whose name is taken and flush",
    "change": "change the last row and flush",
    "delete": "delete the last row and flush",
    "commit": "commit",
    "rollback": "roll back",
    "nested": "begin a savepoint",
    "release": "release the savepoint",
    "undo": "roll the savepoint back",
    "close": "close the session",
    "read": "read",
    "next": "leave the call and enter the next",
    "other-add": "another session adds a row and flushes",
    "other-commit": "the other session commits",
    "other-rollback": "the other session rolls back",
    "other-read": "the other session reads",
    "engine-add": "a connection of the engine inserts a row",
    "engine-commit": "the engine's connection commits",
    "engine-rollback": "the engine's connection rolls back",
    "engine-read": "the engine's connection reads",
    "parallel-commit": "a thread or task adds a row in its own session and commits",
    "parallel-rollback": "a thread or task adds a row in its own session and rolls back",
    "parallel-read": "a thread or task reads in its own session",
    "raw-commit": "send COMMIT as text",
    "block": "add a row within session.begin()",
    "ddl": "create a table",
}


class ProgramError(ValueError):
    """What was typed is no program; the text says which operation, and what may stand there."""


@dataclass(frozen=True)
class State:
    """What the model knows of a program so far."""

    written: bool = False
    """A row was added by the session itself: there is one to duplicate, change or delete."""
    depth: int = 0
    """Savepoints that are open, as SQLAlchemy 2.0 counts: commit, rollback, close and the end of a call end all."""
    other: bool = False
    engine: bool = False
    """The other session, the engine's connection, has work to commit or to roll back."""


def is_legal(state: State, operation: str) -> bool:
    """Say whether the operation may come next."""
    if operation in ("duplicate", "change", "delete"):
        return state.written
    if operation in ("release", "undo"):
        return state.depth > 0
    if operation == "nested":
        return state.depth < DEEPEST
    if operation in ("other-commit", "other-rollback"):
        return state.other
    if operation in ("engine-commit", "engine-rollback"):
        return state.engine
    return operation in WORDS


def advance(state: State, operation: str) -> State:
    """Return the model's state after a legal operation."""
    if operation in ("add", "flush", "block"):
        return replace(state, written=True)
    if operation == "nested":
        return replace(state, depth=state.depth + 1)
    if operation in ("release", "undo"):
        return replace(state, depth=state.depth - 1)
    if operation in ("commit", "rollback", "close", "next"):
        return replace(state, depth=0)
    if operation.startswith(("other-", "engine-")):
        who, _, what = operation.partition("-")
        return replace(state, **{who: what == "add" or (what == "read" and getattr(state, who))})
    return state


def find_illegal(program: Iterable[str]) -> int | None:
    """Return the place of the first operation that may not stand where it does, None when all may."""
    state = State()
    for place, operation in enumerate(program):
        if not is_legal(state, operation):
            return place
        state = advance(state, operation)
    return None


def parse_program(text: str) -> Program:
    """Return the program that was typed: operations with blanks between. Raises ProgramError."""
    program = tuple(text.split())
    if not program:
        raise ProgramError(f"an empty program; operations are: {', '.join(ALL)}")
    unknown = [operation for operation in program if operation not in WORDS]
    if unknown:
        raise ProgramError(f"no operation is called {unknown[0]!r}; there are: {', '.join(ALL)}")
    place = find_illegal(program)
    if place is not None:
        raise ProgramError(f"step {place + 1}, {program[place]!r}, is not possible after {' '.join(program[:place]) or 'nothing'!r}")
    return program
