"""One child and the cells it lives through: the witness looks between every two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

from matrix.facts import JsonObject
from matrix.judging.verdicts import RED, judge_pass
from matrix.probe.channel import ChannelClosed
from matrix.supervisor.child import Child, describe_status
from matrix.supervisor.examination import Examination
from matrix.supervisor.hangs import HangWatch
from matrix.supervisor.recipe import RecipeProcess, RecipeUncollected
from matrix.supervisor.restoring import list_staying, restore_original
from matrix.supervisor.timeline import merge_statements
from matrix.witness import PASSING, Baseline, RepairBlocked, Residue

# what a live child may still hold: it goes first, and a repair that would block on it comes after
HELD_KINDS = PASSING | {"prepared_transaction"}
COLLECTED = "collected_with_garbage"
INTERNAL_ERROR = 3  # pytest's exit code when ending session-scoped fixtures raised
FIRST, CONFIRMATION, REPEATED, INSIDE = "first", "confirmation", "repeated", "inside"
LOOKED_AT_ALONE = (REPEATED, INSIDE)  # passes whose child lives on with what it carries: that is what they look for


class ChildRun:
    """One child and the cells it lives through."""

    def __init__(
        self,
        exam: Examination,
        process: RecipeProcess,
        cases: list[str],
        pass_name: str,
        number: int = 1,
        repeat: int = 1,
        on_cell: Callable[[JsonObject, bool], None] = lambda cell, carries: None,
    ) -> None:
        self.exam, self.process, self.cases, self.pass_name, self.number = exam, process, cases, pass_name, number
        self.recipe = process.recipe
        self.repeat = repeat  # how often each case runs; a child that repeats is not retired for what grows in it
        self.witness = exam.witness
        self.on_cell = on_cell
        self.cells: list[JsonObject] = []
        self.residue: list[Residue] = []  # of the recipe's own wider fixtures
        self.endings: list[str] = []
        self._baseline = exam.original
        self._open: JsonObject | None = None
        self.carries = False  # a wider fixture's transaction: what a test leaves in it, nobody outside can see
        self._owed: list[Residue] = []  # charged to a cell already, repaired once the child has gone

    def run(self) -> None:
        """Let a child run its cases until the last one, its retirement or its death."""
        child = self.process.fork(self.cases, self.repeat)
        self._watch = HangWatch(child, self.witness, self.exam.deadline_s, self.exam.stop)
        try:
            self._follow(child)
        except ChannelClosed:
            self._charge_crash(child)
        finally:
            if child.wait(2.0) is None:
                child.kill()
                child.wait()
            child.close()
        self._restore_original()

    def _follow(self, child: Child) -> None:
        while True:
            message = self._watch.receive()
            if "baseline" in message:
                self._baseline = self.witness.record_baseline()
                self._note_carriers(message["begun"])
                if message["forget"]:
                    self.witness.skip_statements()
                child.go_on()
            elif "ended" in message:
                self._open = message["opened"]
                self._note_carriers(message["held"])
                self.carries |= message["carries"]
                self._end_cell(child, message["ended"])
            elif "finished" in message:
                if message["finished"] == INTERNAL_ERROR:
                    self.endings.append("its wider fixtures did not end well:\n" + child.read_output())
                return

    def _note_carriers(self, backends: list[int]) -> None:
        """Note on which backends a wider fixture has a transaction: those that the server shows, and those that it will."""
        self._baseline = self._baseline.with_begun(backends)
        self.carries = bool(self._baseline.list_carriers() - self.exam.original.list_carriers())

    def _end_cell(self, child: Child, facts: JsonObject) -> None:
        """Look for residue, repair what the child does not hold, and let it go on or retire."""
        residue = self.witness.find_residue(self._baseline, lambda: list_staying(child, self.witness))
        dirty = (self.carries or bool(facts["process"])) and self.pass_name not in LOOKED_AT_ALONE
        if held := any(found.kind in HELD_KINDS for found in residue):
            residue, facts = self._look_after_collecting(child, residue, facts)
            held = any(found.kind in HELD_KINDS for found in residue)
        repair = None
        if residue and not held:
            repair = self._repair(self._baseline, residue)
        # objects that were built anew may not be what a connection has prepared statements for
        retire = held or dirty or "schema" in (repair or "") or self._was_forced()
        if held or repair == "blocked":
            self._owed = residue
            retire = True
        self._add_cell(facts | {"residue": list(map(asdict, residue)), "repair": repair, "ended": "hang" if self._watch.hang else "finished"})
        self._watch.begin()
        child.retire() if retire else child.go_on()

    def _look_after_collecting(self, child: Child, residue: list[Residue], facts: JsonObject) -> tuple[list[Residue], JsonObject]:
        """Look again without what only the child's collector has not got to yet: when it runs is chance.

        What goes away with it is told as a fact of the process, and is no residue.
        """
        child.collect_garbage()
        while "collected" not in self._watch.receive():
            pass
        again = self.witness.find_residue(self._baseline, lambda: list_staying(child, self.witness))
        gone = [asdict(replace(found, kind=COLLECTED)) for found in residue if found.kind in HELD_KINDS and found not in again]
        return again, {**facts, "process": facts["process"] + gone}

    def _was_forced(self) -> bool:
        """Past the deadline connections were cancelled or ended blindly; a lost lock wait is just an error."""
        return self._watch.hang is not None and self._watch.hang["reason"] == "deadline"

    def _repair(self, baseline: Baseline, residue: list[Residue]) -> str:
        try:
            return self.witness.repair(baseline, residue)
        except RepairBlocked:
            return "blocked"

    def _add_cell(self, facts: JsonObject) -> None:
        opened, self._open = self._open, None
        assert opened is not None, "the end of no cell"
        cell: JsonObject = {
            "kind": "cell",
            "cell": f"{self.exam.stack.id}/{self.recipe.id}/{facts['case']}",
            "recipe": self.recipe.id,
            "pass": self.pass_name,
            "unmet": None,
            "hang": self._watch.hang,
            "crash": None,
            "drift": [asdict(found) for found in self.witness.find_drift(self._baseline)] if facts["ended"] != "crash" else [],
            "position": len(self.cells) + 1,
            "child": self.number,
            **facts,
        }
        self._add_statements(cell, opened)
        self.cells.append(cell)
        self.on_cell(cell, self.carries)

    def _add_statements(self, cell: JsonObject, opened: JsonObject) -> None:
        """Give a red cell's timeline what its server heard; nobody reads a clean one's.

        What the client meant is kept beside it, where the server's own words replace it: rules ask for it.
        """
        if self.pass_name in LOOKED_AT_ALONE or (self.pass_name == FIRST and judge_pass(cell) not in RED):
            self.witness.skip_statements()
            return
        client = cell["timeline"]
        cell["timeline"] = merge_statements(client, self.witness.read_statements(), opened, self.exam.stack.database.kind)
        kept = set(map(id, cell["timeline"]))
        cell["meant"] = [event for event in client if id(event) not in kept]

    def _charge_crash(self, child: Child) -> None:
        """The child died: its open cell is charged; the others still get their verdict."""
        status = child.wait(5.0)
        what = describe_status(status)
        self._open = child.read_notes()
        if self._open is None and self.cells:
            self.endings.append(f"the process ended with {what} while its wider fixtures were torn down")
            return
        if self._open is None:
            self._open = {"case": self.cases[0], "at": 0.0, "phases": [(0.0, "setup")]}
        _, phase = self._open["phases"][-1]
        residue = self.witness.find_residue(self.exam.original)
        self._owed = residue
        crash = {**what, "phase": phase, "output": child.read_output()}
        self._add_cell(
            lost_facts(self._open["case"], phase) | {"ended": "hang" if self._watch.hang else "crash", "crash": crash, "residue": list(map(asdict, residue))}
        )

    def _restore_original(self) -> None:
        """The child has gone: what is still there is the recipe's own residue, unless a cell was charged."""
        residue = self.witness.find_residue(self.exam.original)
        if not self._owed:
            self.residue += residue
        restore_original(self.witness, self.exam.original, residue, self.recipe.id)


def lost_facts(case: str, phase: str) -> JsonObject:
    """Return the facts of a cell whose process could not report them itself."""
    phases: dict[str, str | None] = {"setup": None, "call": None, "teardown": None}
    for name in phases:
        phases[name] = "passed"
        if name == phase:
            phases[name] = "failed"
            break
    return {"case": case, "phases": phases, "errors": [], "timeline": [], "process": [], "repair": None, "duration_s": 0.0}


def fail_collection(stack_id: str, recipe_id: str, case: str, error: RecipeUncollected) -> JsonObject:
    """Return the cell of a case whose recipe cannot even be collected: it fails in its set-up."""
    what = {"phase": "setup", "type": "CollectError", "message": error.text, "assertion": False, "where": "", "traceback": error.text}
    return {
        "kind": "cell",
        "cell": f"{stack_id}/{recipe_id}/{case}",
        "recipe": recipe_id,
        "pass": FIRST,
        "unmet": None,
        "hang": None,
        "crash": error.crash,
        "drift": [],
        "position": 1,
        "child": 1,
        **lost_facts(case, "setup"),
        "errors": [] if error.crash else [what],
        "ended": "crash" if error.crash else "finished",
        "residue": [],
    }
