"""The process of one recipe: it has collected the cases, has run none, and forks children that do."""

from __future__ import annotations

import os
import time
from pathlib import Path

from matrix.facts import JsonObject
from matrix.plan.contents import Recipe
from matrix.probe.channel import ChannelClosed
from matrix.supervisor.child import Child, connect_child, describe_status
from matrix.supervisor.warm import Starter

COLLECT_SECONDS = 60.0


class RecipeUncollected(Exception):
    """pytest could not collect the recipe: `text` is its error, `crash` how the process ended, if it did."""

    def __init__(self, text: str, crash: JsonObject | None = None) -> None:
        self.text, self.crash = text, crash
        super().__init__(text)


class RecipeProcess:
    """Collects a recipe once, so that a retired child costs a fork only; a context manager."""

    def __init__(self, warm: Starter, recipe: Recipe, task: JsonObject | None = None) -> None:
        self.recipe = recipe
        self._directory = warm.directory
        self._socket = str(warm.directory / f"recipe-{os.urandom(4).hex()}")
        self._parent = warm.fork({"task": "collect", "recipe": str(recipe.path), "socket": self._socket, **(task or {})})
        self._ended: dict[int, int] = {}

    def __enter__(self) -> RecipeProcess:
        try:
            message = self._parent.channel.receive(COLLECT_SECONDS)
        except ChannelClosed:
            status = describe_status(self._parent.wait())
            text = self._parent.read_output()
            self.close()
            raise RecipeUncollected(text, {**status, "phase": "setup", "output": text}) from None
        if message is None or "ready" not in message:
            errors = (message or {}).get("collection_errors") or [self._parent.read_output() or "pytest collected no case from the recipe"]
            self.close()
            raise RecipeUncollected("\n".join(errors))
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fork(self, cases: list[str], repeat: int = 1) -> Child:
        """Fork a child that runs the cases in this order, each `repeat` times."""
        return self.fork_for({"cases": cases, "repeat": repeat})

    def fork_for(self, request: JsonObject) -> Child:
        """Fork a child for whatever the process understands."""
        return connect_child(self._socket, self._directory, request, self.wait_status)

    def wait_status(self, pid: int, timeout: float) -> int | None:
        """Return the wait status of an ended child, or None when it still lives after `timeout` seconds."""
        ends = time.monotonic() + timeout
        while pid not in self._ended:
            try:
                message = self._parent.channel.receive(max(0.0, ends - time.monotonic()))
            except ChannelClosed:
                return None
            if message is None:
                return None
            if "ended" in message:
                self._ended[message["ended"]] = message["status"]
        return self._ended[pid]

    def close(self) -> None:
        """End the process and with it every child."""
        self._parent.channel.close()
        if self._parent.wait() is None:
            self._parent.kill()
            self._parent.wait()
        self._parent.close()
        Path(self._socket).unlink(missing_ok=True)
