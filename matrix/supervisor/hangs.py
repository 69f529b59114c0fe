"""Every hang ends: what is waited for in vain is cancelled at once, all else at the deadline."""

from __future__ import annotations

import os
import signal
import time
from threading import Event

from matrix.facts import JsonObject
from matrix.supervisor.child import Child
from matrix.supervisor.failures import Interrupted
from matrix.witness import LockWait, Witness

QUIET_S = 0.012  # a cell that says nothing for so long is looked at
STILL_S = 0.004  # time in which a process has not run if it waits for a lock
LOOK_S = 0.008  # time between two looks at the server's lock views, and more with every one that shows nothing,
LONGEST_LOOK_S = 0.032  # up to this: who sleeps, or has the server work for it, is left alone
AGAIN_S = 0.004  # time until a wait found hopeless is looked at once more
ANSWER_S = 0.004  # time between two looks for the answer to a signal
SLEEPS = 2  # a thread found asleep so often after a signal is inside a driver's call, not short of a processor
ANSWERS = 50  # looks for an answer at most: a machine under load may take its time
STEP_S = 1.0  # time between cancel, terminate and kill
PREPARED = 0  # the holder of a prepared transaction's locks has no backend
BUSY = {"idle": False, "threads": 0, "in_driver": 0}
STEPS = ("cancelled", "terminated", "killed")


class HangWatch:
    """Waits for the child's messages and ends what hangs, with the facts of how it did."""

    def __init__(self, child: Child, witness: Witness, deadline_s: float, stop: Event) -> None:
        self._child, self._witness, self._deadline_s, self._stop = child, witness, deadline_s, stop
        self._suspects: set[tuple[int, tuple[int, ...]]] = set()
        self.begin()

    def begin(self) -> None:
        """Start the clock of a new cell."""
        self.hang: JsonObject | None = None
        self._suspects.clear()
        self._began = time.monotonic()
        self._pause = LOOK_S
        self._steps = 0

    def receive(self) -> JsonObject:
        """Return the child's next message; raises ChannelClosed when it died, Interrupted when the run stops."""
        wait = QUIET_S - STILL_S
        while True:
            message = self._child.channel.receive(wait)
            if message is not None and "idle" not in message:
                return message
            if self._stop.is_set():
                raise Interrupted
            wait = self._look()

    def _look(self) -> float:
        """Look at what hangs or takes too long, end what must be ended; returns the seconds until the next look."""
        elapsed = time.monotonic() - self._began
        if elapsed >= self._deadline_s + self._steps * STEP_S:
            self._take_step(elapsed)
        elif self._child.has_run() and not self._suspects:
            self._pause = LOOK_S
            return STILL_S  # who runs is slow: the server need not be asked
        else:
            self._look_at_locks(elapsed)
            self._pause = min(2 * self._pause, LONGEST_LOOK_S)
        return AGAIN_S if self._suspects else self._pause

    def _look_at_locks(self, elapsed: float) -> None:
        waits = self._witness.find_lock_waits()
        hopeless = [wait for wait in waits if self._is_hopeless(wait, {other.waiter for other in waits})]
        # twice in a row: an answer may have been on its way while the holder's next statement was sent
        certain = [wait for wait in hopeless if (wait.waiter, wait.holders) in self._suspects]
        self._suspects = {(wait.waiter, wait.holders) for wait in hopeless}
        if certain:
            self._witness.cancel(certain[0].waiter)
            self._remember("lock wait", certain[0], "cancelled", elapsed)

    def _take_step(self, elapsed: float) -> None:
        """Past the deadline: cancel, then terminate, then kill."""
        step = STEPS[min(self._steps, len(STEPS) - 1)]
        self._steps += 1
        waits = self._witness.find_lock_waits() if step == "cancelled" else []
        if step == "killed":
            self._child.kill()
        else:
            end = self._witness.cancel if step == "cancelled" else self._witness.terminate
            for backend in self._witness.list_backends():
                end(backend)
        self._remember("deadline", waits[0] if waits else None, step, elapsed)

    def _remember(self, reason: str, wait: LockWait | None, step: str, elapsed: float) -> None:
        if self.hang is None:
            self.hang = {
                "reason": reason,
                "waiter": wait.waiter if wait else None,
                "holders": list(wait.holders) if wait else [],
                "what": wait.what if wait else "",
                "after_s": round(elapsed, 4),
            }
        self.hang["step"] = step

    def _is_hopeless(self, wait: LockWait, waiters: set[int]) -> bool:
        """The process can no longer release the lock: no holder is at work, every thread waits without a time limit.

        A holder that will commit in 80 ms is a legitimate case and must not be disturbed.
        """
        holders = set(wait.holders) - {PREPARED}
        if not holders <= set(self._witness.list_backends()) or holders & set(self._witness.list_busy()) - waiters:
            return False
        answer = self._ask_idle()
        threads = self._child.count_threads()
        if answer is None:
            return threads == 1  # the interpreter is inside the driver's call: nobody is left to commit
        # one thread more in a driver than there are lock waits: that one gets its answer and goes on
        return bool(answer["idle"] and answer["threads"] == threads and answer["in_driver"] <= len(waiters))

    def _ask_idle(self) -> JsonObject | None:
        """Return the answer of matrix.probe.idleness, or None when the interpreter cannot give one."""
        try:
            os.kill(self._child.pid, signal.SIGUSR1)
        except OSError:
            return BUSY
        asleep = 0
        for _ in range(ANSWERS):
            answer = self._child.channel.peek("idle", ANSWER_S)
            if answer:
                idle: JsonObject = answer["idle"]
                return idle
            asleep = asleep + 1 if self._child.is_asleep() else 0
            if asleep >= SLEEPS:
                return None
        return BUSY
