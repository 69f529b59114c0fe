"""Every hang ends: what is waited for in vain is cancelled at once, all else at the deadline."""

from __future__ import annotations

import os
import signal
import time
from threading import Event

from matrix.supervisor.child import Child
from matrix.witness import LockWait, Witness

QUIET_S = 0.012  # a cell that says nothing for so long is looked at
LOOK_S = 0.008  # time between two looks at the server's lock views
ANSWER_S = 0.004  # time between two looks for the answer to a signal
SLEEPS = 2  # a thread found asleep so often after a signal is inside a driver's call, not short of a processor
ANSWERS = 50  # looks for an answer at most: a machine under load may take its time
STEP_S = 1.0  # time between cancel, terminate and kill
STEPS = ("cancelled", "terminated", "killed")


class Interrupted(Exception):
    """The run is being stopped."""


class HangWatch:
    """Waits for the child's messages and ends what hangs, with the facts of how it did."""

    def __init__(self, child: Child, witness: Witness, deadline_s: float, stop: Event) -> None:
        self._child, self._witness, self._deadline_s, self._stop = child, witness, deadline_s, stop
        self._idle: dict | None = None
        self.begin()

    def begin(self) -> None:
        """Start the clock of a new cell."""
        self.hang: dict | None = None
        self._began = time.monotonic()
        self._steps = 0

    def receive(self) -> dict:
        """Return the child's next message; raises ChannelClosed when it died, Interrupted when the run stops."""
        wait = QUIET_S
        while True:
            message = self._child.channel.receive(wait)
            if message is not None and "idle" not in message:
                return message
            if self._stop.is_set():
                raise Interrupted
            self._look()
            wait = max(LOOK_S, getattr(self._witness, "lock_view_s", 0.0))

    def _look(self) -> None:
        elapsed = time.monotonic() - self._began
        if elapsed >= self._deadline_s + self._steps * STEP_S:
            self._take_step(elapsed)
            return
        for wait in self._witness.find_lock_waits():
            if self._is_hopeless(wait):
                self._witness.cancel(wait.waiter)
                self._remember("lock wait", wait, "cancelled", elapsed)
                return

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

    def _is_hopeless(self, wait: LockWait) -> bool:
        """The process can no longer release the lock: its only running thread is the waiter.

        A holder that will commit in 80 ms is a legitimate case and must not be disturbed.
        """
        backends = self._witness.list_backends()
        if not set(wait.holders) <= set(backends) or self._child.count_threads() != 1:
            return False
        idle = self._ask_idle()
        if idle is None:
            return True  # the interpreter is inside the driver's call: nobody is left to commit
        return idle["waits_for_driver"] or (idle["event_loop"] and not idle["tasks_ready"] and not idle["timers"])

    def _ask_idle(self) -> dict | None:
        """Return what the interpreter is waiting for, or None when it cannot answer."""
        try:
            os.kill(self._child.pid, signal.SIGUSR1)
        except OSError:
            return {"waits_for_driver": False, "event_loop": False}
        asleep = 0
        for _ in range(ANSWERS):
            answer = self._child.channel.peek("idle", ANSWER_S)
            if answer:
                return answer["idle"]
            asleep = asleep + 1 if self._child.is_asleep() else 0
            if asleep >= SLEEPS:
                return None
        return {"waits_for_driver": False, "event_loop": False}
