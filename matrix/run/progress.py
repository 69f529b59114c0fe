"""What a run shows while it runs: moving bars on a terminal, one plain line per stack elsewhere."""

from __future__ import annotations

import threading
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

HEARTBEAT_S = 30.0


class RunProgress:
    """Progress over all stacks of a run; thread-safe; a context manager."""

    def __init__(self, console: Console, stacks: int) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._cells = 0
        self._stacks = stacks
        self._ended = 0
        self._spoken = self._started
        self._bars: Progress | None = None
        if console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bars = Progress(*columns, console=console, transient=True)
            self._whole = self._bars.add_task("stacks", total=stacks)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> RunProgress:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()

    def begin_stack(self, stack_id: str, cells: int) -> None:
        """Show that a stack has begun; `cells` is how many it may have at most."""
        if self._bars:
            with self._lock:
                self._tasks[stack_id] = self._bars.add_task(stack_id, total=cells)

    def count_cell(self, stack_id: str) -> None:
        """Count one cell that has ended; without a terminal a line is printed now and then."""
        with self._lock:
            self._cells += 1
            if self._bars:
                self._bars.advance(self._tasks[stack_id])
            elif time.monotonic() - self._spoken > HEARTBEAT_S:
                self._spoken = time.monotonic()
                self._console.print(f"[{self._elapsed()}] {self._cells} cells, {self._ended} of {self._stacks} stacks")

    def end_stack(self, stack_id: str, words: str) -> None:
        """Say how a stack ended, on a line of its own."""
        with self._lock:
            self._ended += 1
            self._spoken = time.monotonic()
            if self._bars:
                self._bars.advance(self._whole)
                if stack_id in self._tasks:
                    self._bars.remove_task(self._tasks.pop(stack_id))
            self._console.print(f"[{self._elapsed()}] {self._ended:>2}/{self._stacks} {stack_id}: {words}", highlight=False, markup=False, soft_wrap=True)

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._started)
        return f"{seconds // 60}:{seconds % 60:02d}"
