"""Plays programs under one recipe: one child for as many as it lives through, a look from outside after each."""

from __future__ import annotations

from itertools import count
from threading import Event

from matrix.explore.operations import Program
from matrix.explore.outcome import Outcome
from matrix.facts import JsonObject
from matrix.plan.contents import Recipe
from matrix.probe.channel import ChannelClosed
from matrix.supervisor.child import Child
from matrix.supervisor.childrun import HELD_KINDS
from matrix.supervisor.failures import Interrupted
from matrix.supervisor.hangs import HangWatch
from matrix.supervisor.recipe import RecipeProcess
from matrix.supervisor.restoring import list_staying, restore_original
from matrix.supervisor.warm import Starter
from matrix.witness import Baseline, RepairBlocked, Residue, Witness

NUMBERS = count(1)  # of all programs of a process: names of rows and tables are never used again
#: How many programs one child plays: what production's leave is removed with it, and what a recipe piles up in its process (listeners) slows no more down.
MOST_PLAYED = 200
PLAYED, CRASHED = "saw", "crashed"


class ProgramPlayer:
    """Plays programs under a recipe, each from the same database; a context manager."""

    def __init__(self, warm: Starter, witness: Witness, recipe: Recipe, original: Baseline, deadline_s: float, stop: Event, looks: bool = True) -> None:
        self.recipe, self._witness, self._original = recipe, witness, original
        self._baseline, self._deadline_s, self._stop = original, deadline_s, stop
        self._looks = looks  # production's own programs are not judged by what they leave
        self._process = RecipeProcess(warm, recipe, {"task": "explore", "quick": True})
        self._child: Child | None = None
        self._watch: HangWatch | None = None
        self._played = 0
        self.children = 0

    def __enter__(self) -> ProgramPlayer:
        self._process.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.retire()
        finally:
            self._process.close()

    def play(self, program: Program) -> Outcome:
        """Play one program; the database is the original one before and afterwards."""
        if self._stop.is_set():
            raise Interrupted
        child, watch = self._take_child()
        watch.begin()
        try:
            child.channel.send({"program": program, "prefix": f"p{next(NUMBERS)}-"})
            message = self._receive(child, watch)
        except ChannelClosed:
            return self._note_crash(program, watch)
        self._baseline = self._baseline.with_begun(message["held"])
        self._played += 1
        left = self._look(child) if self._looks else ()
        # a fixture that did not end well keeps what it holds, up to a pool's last connection
        if self._played >= MOST_PLAYED or "teardown" in message["errors"]:
            self.retire()
        saw = None if message["saw"] is None else tuple(message["saw"])
        ended = "hang" if watch.hang and watch.hang["reason"] == "deadline" else "finished"
        if ended == "hang":
            self.retire()
        return Outcome(program, saw, tuple(message["errors"].items()), describe(left), ended)

    def _take_child(self) -> tuple[Child, HangWatch]:
        if self._child is None or self._watch is None:
            self.children += 1
            self._baseline = self._original
            self._child = self._process.fork_for({})
            self._watch = HangWatch(self._child, self._witness, self._deadline_s, self._stop)
            self._receive(self._child, self._watch, "waiting")
        return self._child, self._watch

    def _receive(self, child: Child, watch: HangWatch, key: str = PLAYED) -> JsonObject:
        """Return the child's message that carries the key; between, the wider fixtures may want a baseline."""
        while True:
            message = watch.receive()
            if "baseline" in message:
                self._baseline = self._witness.record_baseline().with_begun(message["begun"])
                child.go_on()
            elif key in message:
                return message
            elif "finished" in message:
                raise ChannelClosed("the child has ended")

    def _look(self, child: Child) -> list[Residue]:
        """Return what the program left, and remove it in the cheapest way; what the child holds goes with the child."""
        left = self._witness.find_residue(self._baseline, lambda: list_staying(child, self._witness))
        if not left:
            return left
        if any(found.kind in HELD_KINDS for found in left) or not self._repair(left):
            self.retire()
        return left

    def _repair(self, left: list[Residue]) -> bool:
        """Repair the child's baseline; False when the child has to go: it is in the way, or its tables are others now."""
        try:
            return "schema" not in self._witness.repair(self._baseline, left)
        except RepairBlocked:
            return False

    def _note_crash(self, program: Program, watch: HangWatch) -> Outcome:
        hung = watch.hang is not None
        left = self._witness.find_residue(self._original)
        self.retire()
        return Outcome(program, None, (), describe(left), "hang" if hung else "crash")

    def retire(self) -> None:
        """End the child with its wider fixtures, and restore the original database."""
        child, self._child, self._watch, self._played = self._child, None, None, 0
        if child is not None:
            end_child(child)
        restore_original(self._witness, self._original, self._witness.find_residue(self._original), self.recipe.id)


def end_child(child: Child) -> None:
    """Let the child end its wider fixtures; one that does not is killed."""
    try:
        child.retire()
    except ChannelClosed:
        pass
    if child.wait(2.0) is None:
        child.kill()
        child.wait()
    child.close()


def describe(left: list[Residue] | tuple[()]) -> tuple[tuple[str, str], ...]:
    """Return kinds and objects of residue, without what is another thing in every program."""
    return tuple(sorted({(found.kind, "" if found.object.startswith("explored_") else found.object) for found in left}))
