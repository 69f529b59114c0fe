"""What the cells of a stack cost through us and by hand: pairs, medians of their ratios, and the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.box import SIMPLE
from rich.table import Table

from matrix.bench.by_hand import HandRun

AIM, MOST = 1.3, 1.6  # times the tests' own time, as a median over the stacks


@dataclass(frozen=True)
class OurRun:
    """What the same cells took through us, seconds: all of it, and what a run without any cell takes."""

    cells: int
    whole_s: float
    start_s: float


@dataclass(frozen=True)
class Pair:
    """The same cells through us and by hand, one right after the other."""

    ours: OurRun
    by_hand: HandRun

    @property
    def own_ratio(self) -> float:
        """How many times the tests' own time we take, start-up and proof of the baseline included."""
        return self.ours.whole_s / self.by_hand.own_s

    @property
    def warm_ratio(self) -> float:
        """The same without our start-up, as the tests' own time is without theirs."""
        return (self.ours.whole_s - self.ours.start_s) / self.by_hand.own_s

    @property
    def silent_ratio(self) -> float:
        """The same as the first against tests whose failures nobody puts into words, which we do not pay for either."""
        return self.ours.whole_s / (self.by_hand.own_s - self.by_hand.reports_s)

    @property
    def whole_ratio(self) -> float:
        """How many times what people wait for by hand."""
        return self.ours.whole_s / self.by_hand.whole_s


@dataclass(frozen=True)
class StackCost:
    """The pairs of one stack."""

    stack: str
    pairs: tuple[Pair, ...]

    def find_median(self, read: Callable[[Pair], float]) -> float:
        """Return the median over the pairs; of a ratio, that of the pairs' own ratios: a machine that drifts drifts for both."""
        return median(map(read, self.pairs))

    @property
    def cells(self) -> int:
        """How many cells each side ran each time."""
        return self.pairs[0].ours.cells

    @property
    def own_s(self) -> float:
        """The tests' own time by hand, seconds."""
        return self.find_median(lambda pair: pair.by_hand.own_s)


def find_ratio(costs: Sequence[StackCost], read: Callable[[Pair], float]) -> float:
    """Return the median over the stacks of their medians."""
    return median(cost.find_median(read) for cost in costs)


Column = tuple[str, Callable[[Pair], float]]
SECONDS: tuple[Column, ...] = (
    ("tests'\nown s", lambda pair: pair.by_hand.own_s),
    ("of it\nreports", lambda pair: pair.by_hand.reports_s),
    ("by hand\nstart-up s", lambda pair: pair.by_hand.start_s),
    ("ours\ns", lambda pair: pair.ours.whole_s),
    ("of it\nstart-up", lambda pair: pair.ours.start_s),
)
RATIOS: tuple[Column, ...] = (
    ("ours /\nown", lambda pair: pair.own_ratio),
    ("less our\nstart-up", lambda pair: pair.warm_ratio),
    ("ours / own\nless reports", lambda pair: pair.silent_ratio),
    ("ours /\nby hand", lambda pair: pair.whole_ratio),
)


def draw_costs(costs: Sequence[StackCost]) -> Table:
    """Return the table of stacks: by hand, ours, the ratios, and the medians of those over the stacks."""
    title = f"medians, pairs: {len(costs[0].pairs)}, interleaved; one stack and one process at a time on both sides"
    table = Table(title=title, show_footer=True, box=SIMPLE)
    table.add_column("stack", footer="median", no_wrap=True)
    table.add_column("cells", justify="right")
    for name, _ in SECONDS:
        table.add_column(name, justify="right")
    for name, read in RATIOS:
        table.add_column(name, justify="right", footer=f"{find_ratio(costs, read):.2f}")
    for cost in costs:
        table.add_row(cost.stack, str(cost.cells), *(f"{cost.find_median(read):.2f}" for _, read in SECONDS + RATIOS))
    return table


def describe_costs(costs: Sequence[StackCost]) -> str:
    """Return in a sentence what decides, and what people feel."""
    own, whole = (find_ratio(costs, read) for read in (lambda pair: pair.own_ratio, lambda pair: pair.whole_ratio))
    return f"median over {len(costs)} stacks: {own:.2f} times the tests' own time (aim {AIM}, at most {MOST}), {whole:.2f} times the whole by hand"


def describe_run(costs: Sequence[StackCost], wall_s: float, jobs: int) -> str:
    """Return in a sentence what the same stacks took in one run, against the tests' own time on as many cores."""
    share = sum(cost.own_s for cost in costs) / jobs
    return f"one run of these stacks, {jobs} at a time: {wall_s:.1f} s; the tests' own time of all divided by {jobs}: {share:.1f} s; ratio {wall_s / share:.2f}"
