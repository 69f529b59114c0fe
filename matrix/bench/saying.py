"""What the benchmark says while it runs: one plain line for every step, on a terminal and elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rich.console import Console


@dataclass(frozen=True)
class Saying:
    """Says on a console what has just been done, with the time since it was made."""

    console: Console
    _began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Print one line."""
        seconds = int(time.monotonic() - self._began)
        self.console.print(f"[{seconds // 60}:{seconds % 60:02d}] {text}", highlight=False, markup=False, soft_wrap=True)
